// The arguments of a demo: a function that `npm run demo` calls on a running Weir.

export interface Demo {
  url: string;
  /** The value of the header `authorization`. */
  authorization: string;
  question: string;
  print: (text: string) => void;
}
