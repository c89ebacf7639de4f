"""A token by private_key_jwt, asked for with jwcrypto and requests: neither is what the service checks it with."""

import json
import time
import uuid

import requests
from jwcrypto import jwk, jwt


def ask_token(base: str, client_id: str, keys: str, scope: str) -> str:
    told = requests.get(f"{base}/.well-known/smart-configuration", headers={"Accept": "application/json"}, timeout=60)
    endpoint = told.json()["token_endpoint"]
    with open(keys, encoding="utf-8") as file:
        own = json.load(file)["keys"][0]
    claims = {"iss": client_id, "sub": client_id, "aud": endpoint, "exp": int(time.time()) + 240}
    claims["jti"] = str(uuid.uuid4())
    assertion = jwt.JWT(header={"alg": own["alg"], "kid": own["kid"], "typ": "JWT"}, claims=claims)
    assertion.make_signed_token(jwk.JWK(**own))
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion.serialize(),
    }
    answer = requests.post(endpoint, data=form, timeout=60)
    answer.raise_for_status()
    return answer.json()["access_token"]
