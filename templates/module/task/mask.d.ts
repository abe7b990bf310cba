/** What each pixel of a picture is: the number of a label, row by row. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly labels: readonly string[];
  readonly classes: Uint8Array | Uint16Array;
}
