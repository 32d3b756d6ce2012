"""The simulated AWS account: moto with corrections, seeded, then guarded by IAM.

Prints exactly one JSON line on standard output when everything is ready:
{"port": 1234, "names": {...logical name: id...}, "keys": {...}} and serves until its standard
input closes, so that it can never outlive the program that started it.
"""

import argparse
import json
import logging
import os
import shutil
import sys
import threading

import moto
from moto import settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

import corrections_autoscaling
import corrections_ec2
import corrections_identity
import seed

# The corrections reach into moto's models, so they are written for one version of it.
KNOWN_MOTO = "5.2.5"


class QuietHandler(MotoRequestHandler):
    """Keeps werkzeug's access log off standard error: the proxy in front has a better one."""

    def log_request(self, code="-", size="-"):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--settle-ms", type=int, default=400, help="how long stopping, pending and snapshots take")
    parser.add_argument("--group-maximum", type=int, default=4, help="largest size of the Auto Scaling group")
    arguments = parser.parse_args()
    if moto.__version__ != KNOWN_MOTO:
        sys.exit(f"firebreak-sandbox: moto {moto.__version__} is installed, the corrections are for moto {KNOWN_MOTO}")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    corrections_ec2.install(arguments.settle_ms / 1000.0)
    corrections_autoscaling.install()
    corrections_identity.install()

    server = make_server(
        "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True, request_handler=QuietHandler
    )
    os.environ["MOTO_PORT"] = str(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    endpoint = f"http://127.0.0.1:{server.server_port}"
    seeded = seed.seed(endpoint, arguments.region, arguments.seed, arguments.group_maximum)
    # From here on every call is authenticated (signature) and authorised (policies) as in the real thing.
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0

    print(json.dumps({"port": server.server_port, **seeded}), flush=True)
    sys.stdin.read()
    # Whoever started this may have been killed and left the unpacked files behind.
    here = os.path.dirname(os.path.abspath(__file__))
    if os.path.basename(here).startswith("firebreak-sandbox-"):
        shutil.rmtree(here, ignore_errors=True)


if __name__ == "__main__":
    main()
