// The allotments of this isolate: one for each model. Opens, draws from, and settles them in the budget's object.
// Requests share this data, and never a promise: a promise is bound to the request that created it.

import type { Amounts } from "../catalog/quota-window.ts";
import { periodEnd } from "../catalog/quota-window.ts";
import type { Bindings } from "../env.ts";
import type { Draw } from "./allotment.ts";
import { Allotment } from "./allotment.ts";
import type { AllotmentRequest } from "./budget-ledger.ts";
import { callBudget, settleInBudget } from "./budget-object.ts";
import type { Limits } from "./view.ts";

/** Requests draw from an allotment for at most this time. */
const USED_MS = 10_000;
/** Without running requests, an allotment ends one to two times this time after its last draw: after 1 to 2 s. */
const QUIET_MS = 1000;
/** After this time, the request that asks for an allotment is taken for lost, and another one asks. */
const MAX_ASKING_MS = 10_000;
/** The size of the first allotment in bounds, and the most of a later one. */
const FIRST_BOUNDS = 4;
const MOST_BOUNDS = 64;

/** The allotment of one model. */
interface Slot {
  allotment: Allotment | undefined;
  /** The size of the next allotment, in bounds. */
  nextBounds: number;
  /** A request asks for an allotment until then (epoch ms). Others ask only for themselves meanwhile. */
  askingUntil: number;
}

/** The slots by model. A catalog with other limits has other allotments. */
const slotsOf = new WeakMap<Limits, Map<string, Slot>>();

interface AllotmentContext {
  env: Bindings;
  limits: Limits;
  waitUntil: (work: Promise<unknown>) => void;
}

/** The allotments of one model, as one request sees them. Its draws must be settled in this isolate. */
export interface Allotments {
  /** Draws a bound. Returns undefined when the budget's object must be asked. */
  draw(bound: Amounts): Draw | undefined;
  /** Returns the allotment to ask for, or undefined while another request asks. */
  want(): WantedAllotment | undefined;
}

export interface WantedAllotment {
  request: AllotmentRequest;
  /** The object has answered, or failed: the next request may ask. */
  answered(): void;
  /** Opens the allotment, and draws the bound of the request that asked. */
  open(allotted: Amounts, bound: Amounts): Draw | undefined;
}

/** Returns the allotments of a model under these limits. */
export function allotmentsOf({ env, limits, waitUntil }: AllotmentContext, model: string): Allotments {
  const slot = slotFor(limits, model);
  const settle = ({ key, charged, excess }: Allotment) =>
    waitUntil(settleInBudget(env, { key, charge: charged, excess }));

  /** Ends the use of an allotment. Settles it, unless requests still run: then the last of them does. */
  const retire = (allotment: Allotment) => {
    slot.allotment = undefined;
    slot.nextBounds = Math.min(MOST_BOUNDS, Math.max(FIRST_BOUNDS, 2 * allotment.draws));
    if (allotment.running === 0) return settle(allotment);
    const { key, used: bound } = allotment;
    waitUntil(callBudget(env, (object) => object.lower({ key, bound })).catch(() => undefined));
  };

  /** Retires an allotment at the end of its use, or when it is quiet: an isolate that stops would lose it. */
  const watch = async (allotment: Allotment) => {
    const isCurrent = () => slot.allotment === allotment;
    for (let isOver = false; isCurrent() && !isOver;) {
      const { draws } = allotment;
      await scheduler.wait(QUIET_MS);
      isOver = (allotment.running === 0 && allotment.draws === draws) || Date.now() >= allotment.usedUntil;
    }
    if (isCurrent()) retire(allotment);
  };

  const drawFrom = (allotment: Allotment | undefined, bound: Amounts): Draw | undefined => {
    const drawn = allotment?.draw(bound);
    if (!allotment || !drawn) return undefined;
    const settleDraw = (charge: Amounts, excess?: Amounts) => {
      drawn.settle(charge, excess);
      if (slot.allotment !== allotment && allotment.running === 0) settle(allotment);
    };
    return { ...drawn, settle: settleDraw };
  };

  return {
    draw(bound) {
      if (slot.allotment && Date.now() >= slot.allotment.usedUntil) retire(slot.allotment);
      return drawFrom(slot.allotment, bound);
    },
    want() {
      const now = Date.now();
      if (now < slot.askingUntil) return undefined;
      slot.askingUntil = now + MAX_ASKING_MS;
      // It ends with the period in which it is reserved, because its charges count in that period.
      const usedMs = Math.min(USED_MS, ...limits.windows.map(({ per }) => periodEnd(per, now) - now));
      const request = { key: crypto.randomUUID(), bounds: slot.nextBounds, usedMs };
      const open = (allotted: Amounts, bound: Amounts) => {
        if (slot.allotment) retire(slot.allotment);
        slot.allotment = new Allotment(request.key, allotted, now + usedMs);
        const draw = drawFrom(slot.allotment, bound);
        waitUntil(watch(slot.allotment));
        return draw;
      };
      return { request, answered: () => void (slot.askingUntil = 0), open };
    },
  };
}

function slotFor(limits: Limits, model: string): Slot {
  const slots = slotsOf.get(limits) ?? new Map<string, Slot>();
  const slot = slots.get(model) ?? { allotment: undefined, nextBounds: FIRST_BOUNDS, askingUntil: 0 };
  slotsOf.set(limits, slots);
  slots.set(model, slot);
  return slot;
}
