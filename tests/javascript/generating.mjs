// A WebNN whose graphs are decoders that count: the next token is a sum over all tokens before, so that each of them, and its place, matters.
import { context as recording } from "./mock.mjs";

export const VOCABULARY = 23;

/** The token after these, of a vocabulary that the last token, which ends, is not made of. */
export const after = (tokens) => tokens.reduce((sum, token, i) => (sum + token * (i + 3)) % (VOCABULARY - 1), 1);

/** What is generated behind tokens, so many. */
export function behind(tokens, count) {
  const all = [...tokens];
  while (all.length < tokens.length + count) all.push(after(all));
  return all.slice(tokens.length);
}

/** A context that computes so; `tensors` are those that are alive. */
export function context(members = {}) {
  const made = recording({
    tensors: new Set(),
    read: [],
    dispatched: [],
    async createTensor({ dataType, shape }) {
      const size = shape.reduce((a, b) => a * b, 1);
      const value = new (dataType === "int32" ? Int32Array : Float32Array)(size);
      const tensor = { dataType, shape, value, destroy: () => made.tensors.delete(tensor) };
      made.tensors.add(tensor);
      return tensor;
    },
    dispatch(graph, inputs, outputs) {
      const all = [...Object.values(inputs), ...Object.values(outputs)];
      if (new Set(all).size < all.length) throw new TypeError("a tensor stands for two");
      for (const tensor of all) if (!made.tensors.has(tensor)) throw new TypeError("a tensor is destroyed");
      const { input_ids, position, last, past_rows } = inputs;
      const at = position.value[0];
      const [count, width] = outputs.present_rows.shape;
      if (at + input_ids.value.length > count) throw new TypeError("more tokens than the cache has places");
      const rows = past_rows.value.slice();
      input_ids.value.forEach((token, i) => (rows[(at + i) * width] = token + 1));
      outputs.present_rows.value = rows;
      const seen = at + (last?.value[0] ?? 0) + 1;
      const tokens = Array.from({ length: seen }, (_, i) => rows[i * width] - 1);
      const next = after(tokens);
      // The others follow in their order, each a little less probable.
      const order = [next, ...Array.from({ length: VOCABULARY }, (_, i) => i).filter((token) => token !== next)];
      const k = outputs.top_ids.value.length;
      outputs.top_ids.value = Int32Array.from(order.slice(0, k));
      outputs.top_logits.value = Float32Array.from({ length: k }, (_, i) => 3 - i / 2);
      outputs.logits.value = Float32Array.from({ length: VOCABULARY }, (_, token) => 3 - order.indexOf(token) / 2);
      made.dispatched.push(input_ids.value.length);
    },
    async readTensor(tensor) {
      const { buffer, byteLength } = tensor.value.slice();
      made.read.push(byteLength);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return buffer;
    },
    ...members,
  });
  return made;
}
