/** How far away each pixel of a picture is, row by row; with `inverse` what is near has the larger number. */
export interface Depth {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  readonly inverse: boolean;
}
