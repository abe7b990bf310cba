/** A pre-tokenizer of pieces that a regular expression matches, which the library reads as Python does. */
const pieces = (Regex) => ({ type: "Split", pattern: { Regex }, behavior: "Removed", invert: true });
const removed = (Regex) => ({ ...pieces(Regex), invert: false });
const isolated = (Regex) => ({ ...removed(Regex), behavior: "Isolated" });

/** Of a Split, by its behavior and whether it is inverted. */
function splitting({ pattern, behavior, invert = false }) {
  const one = `(?:${pattern.Regex ?? pattern.String.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")})`;
  const other = `(?:(?!${one})[\\s\\S])`;
  switch (behavior) {
    case "Removed":
      return invert ? pieces(one) : removed(one);
    case "Contiguous":
      return isolated(`${one}+`);
    case "MergedWithPrevious":
      return pieces(invert ? `${one}${other}*|${other}+` : `${other}+${one}?|${one}`);
    case "MergedWithNext":
      return pieces(invert ? `${other}*${one}|${other}+` : `${one}?${other}+|${one}`);
  }
  return isolated(one);
}

const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
const PUNCTUATION = { Regex: "[\\p{P}$+<=>^`|~]" };
const BYTES = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const sequence = (...pretokenizers) => ({ type: "Sequence", pretokenizers });
/** What stands for those that the library has for ASCII, for UTF-16 or in one form alone. */
const SPELLED = {
  Whitespace: () => pieces(`[${WORD}]+|[^${WORD}\\s]+`),
  WhitespaceSplit: () => removed("\\s+"),
  BertPreTokenizer: () => sequence(removed("\\s+"), isolated(PUNCTUATION.Regex)),
  Punctuation: ({ behavior }) => splitting({ pattern: PUNCTUATION, behavior }),
  Digits: ({ individual_digits: areSingle }) => isolated(areSingle ? "\\p{N}" : "\\p{N}+"),
  FixedLength: ({ length }) => pieces(`[\\s\\S]{1,${length}}`),
  ByteLevel: (part) => (part.use_regex === false || part.add_prefix_space ? part : sequence(isolated(BYTES), { ...part, use_regex: false })),
  Split: splitting,
  Metaspace: (part) => (part.split === false ? part : sequence(part, splitting({ pattern: { String: part.replacement }, behavior: "MergedWithNext" }))),
  Sequence: ({ pretokenizers }) => sequence(...pretokenizers.map(spelled)),
};
const spelled = (part) => SPELLED[part?.type]?.(part) ?? part;

const before = (...normalizers) => ({ type: "Sequence", normalizers });
const replaced = (pattern, content) => ({ type: "Replace", pattern, content });
/** The lowercase of a sigma whatever comes behind it; spaces around ideographs that take two units of UTF-16. */
const SIGMA = replaced({ String: "\u03a3" }, "\u03c3");
const IDEOGRAPHS = replaced({ Regex: "[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]" }, " $& ");
const NORMAL = {
  Lowercase: (part) => before(SIGMA, part),
  BertNormalizer: (part) => before(...(part.lowercase ? [SIGMA] : []), ...(part.handle_chinese_chars ? [IDEOGRAPHS] : []), part),
  Sequence: ({ normalizers }) => before(...normalizers.map(normal)),
};
const normal = (part) => NORMAL[part?.type]?.(part) ?? part;

/** What makes tokens of texts, of the contents of a tokenizer's files; the library looks for the token of unknown words in the settings alone. */
function tokenizerOf(Tokenizer, data, config) {
  const unknown = data.model?.unk_token ?? config.unk_token;
  const parts = { normalizer: normal(data.normalizer), pre_tokenizer: spelled(data.pre_tokenizer) };
  return new Tokenizer({ ...data, ...parts }, { ...config, unk_token: unknown });
}

export { tokenizerOf };
