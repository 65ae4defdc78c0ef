"""A kernel with a person in front of it: cells that may ask for input, sliders that are moved."""

import contextlib
import json
import queue
import time

import jupyter_client.manager
from waiting import HANGS, within


@contextlib.contextmanager
def started(**options):
    """Start a kernel, give its client, end it."""
    manager, client = jupyter_client.manager.start_new_kernel(
        startup_timeout=HANGS, kernel_name="python3", **options
    )
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client, code):
    """Execute as a front end with a person does; return what was displayed."""
    found = []

    def keep(message):
        if message["msg_type"] in ("execute_result", "display_data", "error", "stream"):
            found.append(message["content"])

    client.execute_interactive(code, allow_stdin=True, output_hook=keep, timeout=HANGS)
    return found


def ask(client, expression):
    """Value of an expression in the kernel, without output, numbering or a new ``_``."""
    reply = client.execute_interactive(
        "import json as _json",
        silent=True,
        user_expressions={"answer": f"_json.dumps({expression})"},
        output_hook=lambda message: None,
        timeout=HANGS,
    )
    answer = reply["content"]["user_expressions"]["answer"]
    assert answer["status"] == "ok", answer
    # The text of a string of JSON: its representation, a literal without escapes of its own.
    return json.loads(answer["data"]["text/plain"][1:-1].replace("\\'", "'"))


def wait_until(client, condition):
    """Poll a condition in the kernel; between two looks the kernel has nothing to do."""
    within(lambda: ask(client, condition), condition, pause=0.2)


def new_subshell(client):
    """Start a thread of the kernel beside the one that runs cells; return its identifier."""
    client.control_channel.send(client.session.msg("create_subshell_request"))
    reply = client.get_control_msg(timeout=HANGS)
    assert reply["msg_type"] == "create_subshell_reply"
    return reply["content"]["subshell_id"]


def send(client, model, state, subshell=None):
    """Set the state of a widget as a front end does; return the identifier of the message."""
    data = {"method": "update", "state": state, "buffer_paths": []}
    message = client.session.msg("comm_msg", {"comm_id": model, "data": data})
    if subshell:
        message["header"]["subshell_id"] = subshell
    client.shell_channel.send(message)
    return message["header"]["msg_id"]


def follow(client, request):
    """All that is heard, with the seconds since now, until the kernel is done with a request."""
    start, heard = time.perf_counter(), []
    while True:
        with contextlib.suppress(queue.Empty):
            message = client.get_iopub_msg(timeout=0.1)
            heard.append((time.perf_counter() - start, message))
            answers = message["parent_header"].get("msg_id") == request
            if answers and message["content"].get("execution_state") == "idle":
                return heard
        assert time.perf_counter() - start < HANGS, "no answer"


def picture_in(heard, view):
    """The markup of a picture in what was heard, and the seconds until it came."""
    for seconds, message in heard:
        data = message["content"].get("data", {})
        if message["content"].get("comm_id") == view and "value" in data.get("state", {}):
            return data["state"]["value"], seconds
    raise AssertionError("no picture came")


def move(client, slider, index, view):
    """Move a slider; return the new markup of the picture, and the seconds until it came."""
    return picture_in(follow(client, send(client, slider, {"index": index})), view)


def widgets(client, explorer):
    """Identifiers of the sliders, the picture and the messages of an explorer in the kernel."""
    *sliders, view, messages = ask(
        client, f"[child.model_id for child in {explorer}.widget.children]"
    )
    return sliders, view, messages
