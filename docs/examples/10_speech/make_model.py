"""Writes the folder tiny, a model of what a telephone sounds like, as transformers writes it, and call.wav, a call of 12 seconds."""

import wave

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizer

SAYINGS = {
    "free": {"<|en|>": " The line is free.", "<|de|>": " Die Leitung ist frei."},
    "rings": {"<|en|>": " It rings at the other end. 🔔", "<|de|>": " Am anderen Ende klingelt es. 🔔"},
    "busy": {"<|en|>": " The line is busy.", "<|de|>": " Es ist besetzt."},
    "silent": {"<|en|>": " Nobody says anything.", "<|de|>": " Niemand sagt etwas."},
}
RATE, SECONDS = 16_000, 4
END, START, TRANSCRIBE, WITHOUT = "<|endoftext|>", "<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>"
LANGUAGES = ["<|en|>", "<|de|>"]
TIMES = [f"<|{i / 50:.2f}|>" for i in range(50 * SECONDS + 1)]


def sound(name):
    """Four seconds of a telephone, as loud as chance has it."""
    places = np.arange(RATE * SECONDS) / RATE
    heard = {"free": places >= 0, "rings": places < 1, "busy": places % 1 < 0.5, "silent": places < 0}[name]
    loudness, noise = np.random.uniform(0.1, 0.5), np.random.normal(0, 0.002, places.size)
    return (np.sin(2 * np.pi * 425 * places) * heard * loudness + noise).astype(np.float32)


def said(name, language, is_timed):
    """The tokens of what the model is told, and of what it is to say."""
    text = SAYINGS[name][language]
    timed = f"{TIMES[0]}{text}{TIMES[-1]}" if is_timed else text
    told = [START, language, TRANSCRIBE] if is_timed else [START, language, TRANSCRIBE, WITHOUT]
    return [ids[token] for token in told], [*tokenizer.encode(timed, add_special_tokens=False).ids, ids[END]]


tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
alphabet = pre_tokenizers.ByteLevel.alphabet()
special = [END, START, *LANGUAGES, TRANSCRIBE]
trainer = trainers.BpeTrainer(vocab_size=360, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
tokenizer.train_from_iterator([text for texts in SAYINGS.values() for text in texts.values()], trainer)
tokenizer.add_special_tokens([WITHOUT])
tokenizer.add_tokens([AddedToken(time, normalized=False) for time in TIMES])
texts = WhisperTokenizer(tokenizer_object=tokenizer)
ids = {token: tokenizer.token_to_id(token) for token in [*special, WITHOUT]}
extractor = WhisperFeatureExtractor(chunk_length=SECONDS)

torch.set_num_threads(1)  # several would wait for each other: the model is tiny
torch.manual_seed(0)
np.random.seed(0)
model = WhisperForConditionalGeneration(
    WhisperConfig(
        vocab_size=len(texts),
        d_model=64,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_source_positions=50 * SECONDS,
        max_target_positions=64,
        bos_token_id=ids[END],
        eos_token_id=ids[END],
        pad_token_id=ids[END],
        decoder_start_token_id=ids[START],
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
)
cases = [said(name, language, is_timed) for name in SAYINGS for language in LANGUAGES for is_timed in (False, True)]
longest = max(len(told) + len(text) for told, text in cases)
given, wanted = torch.full((len(cases), longest - 1), ids[END]), torch.full((len(cases), longest - 1), -100)
for i, (told, text) in enumerate(cases):
    whole = torch.tensor([*told, *text])
    given[i, : whole.numel() - 1] = whole[:-1]
    wanted[i, len(told) - 1 : whole.numel() - 1] = whole[len(told) :]
    wanted[i, 0] = ids[LANGUAGES[0]]  # which the model finds if it is not told one
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for _ in range(80):
    sounds = [sound(name) for name in SAYINGS for _ in range(len(cases) // len(SAYINGS))]
    features = extractor(sounds, sampling_rate=RATE, return_tensors="pt").input_features
    logits = model(input_features=features, decoder_input_ids=given).logits
    loss = torch.nn.functional.cross_entropy(logits.transpose(1, 2), wanted)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimizer.step()
    optimizer.zero_grad()

model.generation_config = GenerationConfig(
    bos_token_id=ids[END],
    eos_token_id=ids[END],
    pad_token_id=ids[END],
    decoder_start_token_id=ids[START],
    no_timestamps_token_id=ids[WITHOUT],
    max_length=64,
    is_multilingual=True,
    lang_to_id={token: ids[token] for token in LANGUAGES},
    task_to_id={"transcribe": ids[TRANSCRIBE]},
    task="transcribe",
)
model.save_pretrained("tiny")
texts.save_pretrained("tiny")
extractor.save_pretrained("tiny")

samples = np.concatenate([sound(name) for name in ("free", "rings", "busy")])
with wave.open("call.wav", "wb") as file:
    file.setparams((1, 2, RATE, 0, "NONE", ""))
    file.writeframes((samples * 32767).astype("<i2").tobytes())
