/** A polynomial of a number, by its coefficients of powers 0, 1, 2, ...; the number itself where there are none. */
const valueOf = (number, coefficients) => (coefficients.length ? coefficients.reduceRight((sum, one) => sum * number + one, 0) : number);

/** The value of each target, [{ name, value }], with its unit where it has one; of several windows the mean of their values. */
function answered([numbers], [{ targets }]) {
  return targets.map(({ name, unit, polynomial }, i) => {
    let sum = 0;
    for (let place = i; place < numbers.length; place += targets.length) sum += valueOf(numbers[place], polynomial);
    const value = (sum * targets.length) / numbers.length;
    return unit ? { name, value, unit } : { name, value };
  });
}

export { answered };
