"""Pre-trains a GPT or a Llama: python -m explore_transformers.pretrain CONFIG

On two processes: torchrun --standalone --nproc-per-node 2 -m \
explore_transformers.pretrain CONFIG. On several nodes: torchrun's --nnodes, --node-rank
and --rdzv-endpoint, and a folder that all nodes see. Stopped at any moment, the same
command goes on from the last checkpoint.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from explore_transformers.language import (
    LANGUAGES,
    systems_language,
    text,
    use_language,
)

WAIT = 20  # seconds that other processes leave the first to say what is wrong


def main(arguments=None):
    """Run, and return 0; 1 if it had to stop, 2 if a package is missing."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    use_language(options.lang or systems_language())
    try:
        import tokenizers  # noqa: F401
        import tqdm  # noqa: F401
    except ImportError as error:
        how = text(ko="이렇게 설치하세요: ", en="Install it: ")
        return _stop(f"{error}. {how}pip install tokenizers tqdm", 2)
    return _run(options.config)


def _run(path):
    import torch

    from explore_transformers.pretraining.config import PretrainError, load_config
    from explore_transformers.pretraining.processes import join, leave
    from explore_transformers.pretraining.training import pretrain

    try:
        pretrain(load_config(path), join())
        leave()
    except PretrainError as error:
        return _stop(error, 1)
    except KeyboardInterrupt:
        return _stop(_interrupted(), 130)
    except torch.OutOfMemoryError as error:
        why = text(
            ko="GPU 메모리가 부족합니다. [run] micro_batch_size를 줄이세요: ",
            en="The GPU has too little memory. Lower [run] micro_batch_size: ",
        )
        return _stop(f"{why}{error}", 1)
    except OSError as error:  # a full disk, most of all
        why = text(ko="파일을 쓰거나 읽지 못했습니다: ", en="A file failed: ")
        return _stop(f"{why}{error}", 1)
    return 0


def _interrupted():
    return text(
        ko="멈췄습니다. 같은 명령이 마지막 체크포인트에서 이어 갑니다.",
        en="Stopped. The same command goes on from the last checkpoint.",
    )


def _stop(words, status):
    """Say it once, though all processes meet it: torchrun ends the others then."""
    if os.environ.get("RANK", "0") == "0":
        print(words, file=sys.stderr, flush=True)
    else:
        time.sleep(WAIT)
        print(words, file=sys.stderr, flush=True)
    return status


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m explore_transformers.pretrain", description=__doc__
    )
    parser.add_argument("config", type=Path, help="TOML file with the settings")
    parser.add_argument("--lang", choices=LANGUAGES, help="default: the system's")
    return parser


if __name__ == "__main__":
    sys.exit(main())
