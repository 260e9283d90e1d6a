// The provider's book: the bills of all requests, in all and by name.
// The word `emulate-bill-NAME` anywhere in a body names the request, so that a test finds what it cost.
import { Bill, type BilledRequest } from "./bill.ts";

/** What the provider bills. */
export interface Billed {
  requests: number;
  input: number;
  output: number;
  /** The requests with each name, in order. */
  by_name: Record<string, BilledRequest[]>;
}

const NAME = /emulate-bill-(\w+)/;

export class Book {
  #requests = 0;
  /** The sum of the bills that are final. */
  readonly #sum = { input: 0, output: 0 };
  readonly #open = new Set<Bill>();
  readonly #named = new Map<string, Bill[]>();
  readonly #attempts = new Map<string, number>();

  /** Opens the bill of a request, or of a line of a batch. */
  open(path: string, body: ArrayBuffer, isLine = false): Bill {
    const [, name] = NAME.exec(new TextDecoder().decode(body)) ?? [];
    const bill = new Bill(path, name, isLine);
    this.add(bill);
    return bill;
  }

  /** Adds a bill. A final one is added to the sum. */
  add(bill: Bill): void {
    const { name } = bill;
    this.#requests++;
    this.#open.add(bill);
    if (name !== undefined) this.#named.set(name, [...(this.#named.get(name) ?? []), bill]);
    this.close(bill);
  }

  /** Adds a final bill to the sum, so that only the named ones are kept. */
  close(bill: Bill): void {
    if (!bill.isFinal || !this.#open.delete(bill)) return;
    const { input, output } = bill.read(0);
    this.#sum.input += input;
    this.#sum.output += output;
  }

  /** Returns how many answers were requested under the name of a bill; always 1 without a name. */
  countAttempt({ name }: Bill): number {
    if (name === undefined) return 1;
    const attempt = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, attempt);
    return attempt;
  }

  /** Returns the bills of the requests with that name at `now` (epoch ms). */
  readNamed(name: string, now: number): BilledRequest[] {
    return (this.#named.get(name) ?? []).map((bill) => bill.read(now));
  }

  /** Returns the sums of all bills at `now` (epoch ms). */
  read(now: number): Billed {
    const open = [...this.#open].map((bill) => bill.read(now));
    const named = [...this.#named.keys()].map((name) => [name, this.readNamed(name, now)] as const);
    return {
      requests: this.#requests,
      input: open.reduce((sum, { input }) => sum + input, this.#sum.input),
      output: open.reduce((sum, { output }) => sum + output, this.#sum.output),
      by_name: Object.fromEntries(named),
    };
  }
}
