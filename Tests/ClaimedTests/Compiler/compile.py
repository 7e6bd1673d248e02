"""Runs CLAIMED's real compiler, C3, over the samples and writes what it makes of each as JSON.

    python compile.py [--check] FOLDER

Beside FOLDER/NAME stands FOLDER/NAME.json. With --check nothing is written: exit code 1, and the
names of the samples, where C3 gives something else. scripts/claimed-golden brings the environment.
"""

import copy
import json
import logging
import os
import pathlib
import shutil
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from c3 import create_operator  # noqa: E402

SAMPLES = {".py", ".ipynb", ".r"}


def stand_in_for_docker(folder):
    """C3 builds an image between its two halves; nothing of it is in what is compared."""
    (folder / "docker").symlink_to(shutil.which("true"))
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


def compiled(sample):
    """The arguments with which C3 calls its own writers, or what it dies of."""
    seen = {}
    write_dockerfile = create_operator.create_dockerfile
    write_component = create_operator.create_kfp_component

    def dockerfile(template, path, requirements, *rest):
        write_dockerfile(template, path, requirements, *rest)
        # Changed by the call.
        seen["requirements"] = list(requirements)

    def component(name, description, repository, version, command, code, folder, file, inputs, outputs):
        seen["name"] = name
        # The text between the quotes that C3 puts around it.
        seen["description"] = description[1:-1]
        # Changed by the call.
        seen["inputs"] = [{"name": name, **copy.copy(options)} for name, options in inputs.items()]
        seen["outputs"] = [{"name": name, **options} for name, options in outputs.items()]
        return write_component(
            name, description, repository, version, command, code, folder, file, inputs, outputs)

    create_operator.create_dockerfile = dockerfile
    create_operator.create_kfp_component = component
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sample, folder)
        os.chdir(folder)
        try:
            create_operator.create_operator(
                sample.name, repository=None, version="1", custom_dockerfile_template=None,
                additional_files=[], local_mode=True)
            return seen
        except Exception as error:
            # The words of some errors differ between versions of Python and its packages.
            words = str(error) if isinstance(error, (AttributeError, IndexError, KeyError)) else ""
            return {"crash": f"{type(error).__name__}: {words}" if words else type(error).__name__}
        finally:
            os.chdir(before)
            create_operator.create_dockerfile = write_dockerfile
            create_operator.create_kfp_component = write_component


def main(arguments):
    check = "--check" in arguments
    folder = pathlib.Path(arguments[-1]).resolve()
    samples = sorted(path for path in folder.iterdir() if path.suffix.lower() in SAMPLES)
    differing = []
    with tempfile.TemporaryDirectory() as tools:
        stand_in_for_docker(pathlib.Path(tools))
        for sample in samples:
            text = json.dumps(compiled(sample), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
            golden = sample.with_name(sample.name + ".json")
            if not check:
                golden.write_text(text, encoding="utf-8")
            elif not golden.exists() or golden.read_text(encoding="utf-8") != text:
                differing.append(sample.name)
    for name in differing:
        print(f"claimed-golden: C3 makes something else of {name}", file=sys.stderr)
    stale = {path.name for path in folder.glob("*.json")} - {f"{path.name}.json" for path in samples}
    for name in sorted(stale):
        print(f"claimed-golden: {name} has no sample", file=sys.stderr)
    if differing or stale:
        return 1
    print(f"claimed-golden: {len(samples)} samples, {'as' if check else 'written as'} C3 reads them")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
