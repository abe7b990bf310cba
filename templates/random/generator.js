/** Whole numbers of so many bits, one after another: mulberry32. */
function generator(seed) {
  let a = seed | 0;
  return (bits) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) >>> (32 - bits);
  };
}

export { generator };
