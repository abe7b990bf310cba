/** A value, and its unit, if it has one. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
}
