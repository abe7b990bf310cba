// What the plain modules use of WebNN, which TypeScript's own library does not know.

declare class MLGraphBuilder {
  constructor(context: any);
  [method: string]: any;
}

interface Navigator {
  readonly ml?: any;
}
