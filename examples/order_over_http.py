"""Configure, ask for a promise and order over the HTTP API, as any other program would.

    lotone demo                                             # in another window
    python examples/order_over_http.py http://127.0.0.1:8080 TOKEN

A token is made on the page "Account", with the scopes configure.read, orders.quote, orders.place and orders.own.
"""

import sys
from typing import Any

import httpx


def main(address: str, token: str) -> None:
    with httpx.Client(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30) as api:
        product = asked(api.get("/products"))[0]
        choices = product["start"]
        left = asked(api.post(f"/products/{product['id']}/options", json={"choices": choices}))
        print(f"{product['name']['en']}: {left['price']} {left['currency']}, {len(left['possible'])} options are open")

        quote = asked(api.post("/quotes", json={"product": product["id"], "choices": choices}))
        promise = quote["promise"]
        print(f"promised for {promise['date']} at {promise['probability']:.0%}: {promise['reason']['en']}")

        order = asked(api.post("/orders", json={"quote": quote["quote"]}, headers={"Idempotency-Key": quote["quote"]}))
        print(f"ordered as {order['number']}; it is {order['state']}")


def asked(answer: httpx.Response) -> Any:
    """What the API answered; its own sentence when it refused."""
    if answer.is_error:
        sys.exit(f"{answer.status_code}: {answer.json().get('detail', answer.text)}")
    return answer.json()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
