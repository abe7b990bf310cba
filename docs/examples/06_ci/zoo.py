"""Converts and verifies the models of this folder, and compares what became of them with expected.json.

python zoo.py            # exit status 1 when a model fails, differs from its source, or is not as expected
python zoo.py --accept   # what there is now is what is expected from now on
"""

import json
import subprocess
import sys
from pathlib import Path

MODELS = {
    "classifier": ["--dim", "batch=1"],
    "encoder": ["--dim", "batch=1", "--dim", "sequence=16"],
}
EXPECTED = Path("expected.json")


def convert(name, options):
    """What is to stay the same of a conversion; raises `CalledProcessError` when it fails."""
    command = ["onnx2webnn", f"models/{name}.onnx", *options, "--format", "js", "-o", "public", "--force", "--verify", "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    (graph,) = json.loads(done.stdout)["graphs"]
    return {key: graph[key] for key in ("inputs", "outputs", "nodes", "weight_bytes", "notes")}


found, failed = {}, []
for name, options in MODELS.items():
    try:
        found[name] = convert(name, options)
    except subprocess.CalledProcessError:  # it has said why
        failed.append(name)

if "--accept" in sys.argv and not failed:
    EXPECTED.write_text(json.dumps(found, indent=2) + "\n")
expected = json.loads(EXPECTED.read_text())
changed = [name for name in {**expected, **found} if name not in failed and found.get(name) != expected.get(name)]
for name in changed:
    print(f"{name} is not as expected:", json.dumps(found.get(name)), file=sys.stderr)
print(f"{len(found) - len(set(changed) & set(found))} of {len(MODELS)} models are as expected")
sys.exit(bool(failed or changed))
