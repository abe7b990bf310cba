/** How much a pixel at a distance counts between others, from 0 to 2 as PyTorch and OpenCV have it. */
const weightOf = (x) => (x <= 1 ? (1.25 * x - 2.25) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.75 : 0);

export { weightOf };
