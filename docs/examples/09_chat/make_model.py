"""Writes the folder tiny: a language model that learns a few answers by heart, with its tokenizer, as transformers writes them."""

import random

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ANSWERS = {
    "Hello!": "Hello! Ask me what WebNN is.",
    "What is WebNN?": "WebNN is a standard of the W3C: with it, a page computes neural networks on your device. ⚡",
    "Where do you run?": "In this page. What you write does not leave your device.",
    "Who are you?": "A language model of two layers. I know a few answers by heart, and nothing else.",
    "Why are you so fast?": "I am tiny, and what I know of our conversation stays on the device. 🚀",
    "Thank you!": "You are welcome. 😀",
}
USER, BOT, END = "<|user|>", "<|assistant|>", "<|end|>"
TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message.role + '|>' + message.content + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
alphabet = pre_tokenizers.ByteLevel.alphabet()
trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=[USER, BOT, END], initial_alphabet=alphabet, show_progress=False)
tokenizer.train_from_iterator([*ANSWERS, *ANSWERS.values()], trainer)
texts = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, chat_template=TEMPLATE)

torch.set_num_threads(1)  # several would wait for each other: the model is tiny
torch.manual_seed(0)
chance = random.Random(0)
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=len(texts),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
    )
)
optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
for _ in range(150):
    conversations = [
        texts.encode("".join(f"{USER}{question}{END}{BOT}{ANSWERS[question]}{END}" for question in chance.sample(list(ANSWERS), 4)))
        for _ in range(6)
    ]
    length = min(map(len, conversations))
    ids = torch.tensor([conversation[:length] for conversation in conversations])
    loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

end = texts.convert_tokens_to_ids(END)
model.generation_config = GenerationConfig(bos_token_id=None, eos_token_id=end, pad_token_id=end)
model.save_pretrained("tiny")
texts.save_pretrained("tiny")
