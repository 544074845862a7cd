"""The lean REST peer: four FastAPI services behind a plain Envoy, which answer what GetMovieDetails answers as JSON.

`python -m bench.rest_peer movie|rating|metadata|recommender DATABASE_URL [ADDRESS …]` is one of them: uvicorn with uvloop and
httptools, one process, raw psycopg, aiohttp between them. It has no deadline, no cache, no check, no trace, no metrics and no access log.
"""

import argparse
import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import psycopg
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from psycopg_pool import AsyncConnectionPool

from bench.measuring import python_process
from stack.servers.command import free_port
from stack.servers.envoy import EnvoyServer
from stack.servers.running import running

Pool = AsyncConnectionPool[psycopg.AsyncConnection[tuple[Any, ...]]]
Json = dict[str, Any]

_TYPES = "type.googleapis.com/envoy.extensions."
_MOVIE = b"""
    SELECT title, original_title, release_year, release_date, runtime_seconds, original_language, genres, create_time, update_time, revision
    FROM movies WHERE id = %s
"""
_SUMMARY = b"""
    SELECT score_1, score_2, score_3, score_4, score_5, score_6, score_7, score_8, score_9, score_10,
        rating_count, half_stars, bayesian_mean, update_time FROM rating_summaries WHERE movie_id = %s
"""
_DOCUMENT = b"SELECT revision, card, details, localizations, create_time, update_time FROM movie_metadata WHERE movie = %s"


@dataclass(frozen=True, slots=True)
class RestPeer:
    """`address` is its Envoy's; `pids` are all its processes but PostgreSQL's."""

    address: str
    pids: list[int]


@contextmanager
def rest_peer(folder: Path, database_url: Callable[[str], str]) -> Iterator[RestPeer]:
    """Its databases are the platform's own."""
    pids: list[int] = []
    with ExitStack() as servers:
        others = [
            servers.enter_context(python_process("bench.rest_peer", context, database_url(context), cpu_of=pids))
            for context in ("rating", "metadata", "recommender")
        ]
        movie = servers.enter_context(python_process("bench.rest_peer", "movie", database_url("movie"), *others, cpu_of=pids))
        folder.mkdir()
        file, address = folder / "bootstrap.json", f"127.0.0.1:{free_port()}"
        file.write_text(dumps(_bootstrap(address, movie)), "utf-8")
        servers.enter_context(running(EnvoyServer(folder, file, address=address), folder / "envoy.log"))
        pids += [child.pid for child in psutil.Process().children() if str(file) in child.cmdline()]
        yield RestPeer(address, pids)


def _bootstrap(listen: str, upstream: str) -> Json:
    manager = {
        "@type": f"{_TYPES}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": _ROUTE}]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_TYPES}filters.http.router.v3.Router"}}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}]
    cluster = {"name": "movie", "type": "STATIC", "load_assignment": {"cluster_name": "movie", "endpoints": endpoints}}
    return {
        "admin": {"address": _address("127.0.0.1:0")},
        "static_resources": {
            "listeners": [{"name": "edge", "address": _address(listen), "filter_chains": [{"filters": filters}]}],
            "clusters": [cluster],
        },
    }


_ROUTE = {"cluster": "movie"}


def _address(address: str) -> Json:
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}


async def _row(pool: Pool, query: bytes, key: str) -> tuple[Any, ...]:
    async with pool.connection() as connection:
        row = await (await connection.execute(query, (key,))).fetchone()
    assert row is not None
    return row


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _add_movies(app: FastAPI, pool: Pool, get: Callable[[str], Awaitable[Json]], ratings: str, documents: str, recommender: str) -> None:
    async def details(movie: str) -> JSONResponse:
        summary, document, similar, row = await asyncio.gather(
            get(f"http://{ratings}/v1/movies/{movie}/ratingSummary"),
            get(f"http://{documents}/v1/movies/{movie}/metadata"),
            get(f"http://{recommender}/v1/movies/{movie}/similarMovies"),
            _row(pool, _MOVIE, movie),
        )
        title, original_title, year, day, runtime, language, genres, create_time, update_time, revision = row
        found = {
            "name": f"movies/{movie}",
            "title": title,
            "originalTitle": original_title,
            "releaseYear": year,
            "releaseDate": day.isoformat() if day else "",
            "originalLanguage": language,
            "genres": genres,
            "state": "STATE_ACTIVE",
            "createTime": _time(create_time),
            "updateTime": _time(update_time),
            "etag": f"r{revision}",
        }
        if runtime is not None:
            found["runtime"] = f"{runtime}s"
        return JSONResponse(
            {"movie": found, "summary": summary, "metadata": document, "similar": similar["movies"], "unavailableParts": []}
        )

    app.add_api_route("/v1/movies/{movie}:details", details)


def _add_ratings(app: FastAPI, pool: Pool) -> None:
    async def summary(movie: str) -> JSONResponse:
        *scores, count, half_stars, bayesian_mean, update_time = await _row(pool, _SUMMARY, movie)
        return JSONResponse(
            {
                "name": f"movies/{movie}/ratingSummary",
                "count": count,
                "mean": half_stars / (2 * count) if count else 0.0,
                "bayesianMean": bayesian_mean,
                "histogram": [{"score": half / 2, "count": number} for half, number in enumerate(scores, start=1)] if count else [],
                "updateTime": _time(update_time),
            }
        )

    app.add_api_route("/v1/movies/{movie}/ratingSummary", summary)


def _add_documents(app: FastAPI, pool: Pool) -> None:
    async def document(movie: str) -> JSONResponse:
        revision, card, details, texts, create_time, update_time = await _row(pool, _DOCUMENT, movie)
        found = {
            "name": f"movies/{movie}/metadata",
            "originalLanguage": card["original_language"],
            "genres": card["genres"],
            "keywords": details["keywords"],
            "cast": [_person(member, "character") for member in details["cast"]],
            "crew": [_person(maker, "department", "job") for maker in details["crew"]],
            "countries": card["countries"],
            "spokenLanguages": card["spoken_languages"],
            "images": [_image(image) for image in card["images"]],
            "externalIds": card["external_ids"],
            "localizations": [_text(text) for text in texts],
            "createTime": _time(create_time),
            "updateTime": _time(update_time),
            "etag": f"r{revision}",
        }
        if card["runtime"] is not None:
            found["runtime"] = f"{card['runtime']}s"
        if card["untold"]:
            found["resolved"] = _text(card["untold"])
        return JSONResponse(found)

    app.add_api_route("/v1/movies/{movie}/metadata", document)


def _add_similar(app: FastAPI) -> None:
    async def similar(movie: str) -> JSONResponse:
        return JSONResponse({"movies": []})  # as the platform of the copies, which no recommender has heard of

    app.add_api_route("/v1/movies/{movie}/similarMovies", similar)


def _person(stored: Mapping[str, str], *roles: str) -> Json:
    named = {"person": f"people/{stored['person']}", "displayName": stored["display_name"]}
    return {**named, **{role: stored.get(role, "") for role in roles}}


def _image(stored: Mapping[str, Any]) -> Json:
    return {
        "kind": f"KIND_{stored['kind'].upper()}",
        "uri": stored["uri"],
        "width": stored.get("width", 0),
        "height": stored.get("height", 0),
        "languageCode": stored.get("language_code", ""),
    }


def _text(stored: Mapping[str, str]) -> Json:
    return {
        "languageCode": stored["language_code"],
        "title": stored.get("title", ""),
        "overview": stored.get("overview", ""),
        "tagline": stored.get("tagline", ""),
    }


def _serve(context: str, url: str, addresses: list[str]) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        # Prepared at once, as the platform does it.
        async with (
            Pool(url, min_size=1, max_size=10, kwargs={"autocommit": True, "prepare_threshold": 0}, open=False) as pool,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):

            async def get(address: str) -> Json:
                async with session.get(address) as answer:
                    found: Json = await answer.json()
                    return found

            match context:
                case "movie":
                    _add_movies(app, pool, get, *addresses)
                case "rating":
                    _add_ratings(app, pool)
                case "metadata":
                    _add_documents(app, pool)
                case _:
                    _add_similar(app)
            print(f"127.0.0.1:{listening.getsockname()[1]}", flush=True)
            yield

    config = uvicorn.Config(
        FastAPI(lifespan=life, openapi_url=None),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("context", choices=["movie", "rating", "metadata", "recommender"])
    parser.add_argument("url")
    parser.add_argument("addresses", nargs="*")
    chosen = parser.parse_args()
    _serve(chosen.context, chosen.url, chosen.addresses)
