"""Asks OpenFeature's SDK for Python about flags: questions as JSON on stdin, its answers as JSON on stdout."""

import json
import sys

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext


def answer(client, question):
    ask = getattr(client, f"get_{question['type']}_details")
    context = dict(question.get("context", {}))
    who = EvaluationContext(context.pop("targetingKey", None), context)
    details = ask(question["flag"], question["default"], who)
    return {
        "value": details.value,
        "reason": details.reason,
        "variant": details.variant,
        "error": details.error_code,
        "metadata": dict(details.flag_metadata),
    }


def main():
    request = json.load(sys.stdin)
    api.set_provider(OFREPProvider(request["url"]))
    client = api.get_client()
    json.dump([answer(client, question) for question in request["questions"]], sys.stdout)


main()
