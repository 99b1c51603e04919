"""The docker files are true, and each thing that could make them false is found."""

import pytest

from tests.docker.lint import COMPOSE, DOCKERFILE, findings

DOCKER_TEXT = DOCKERFILE.read_text("utf-8")
COMPOSE_TEXT = COMPOSE.read_text("utf-8")


def test_the_docker_files_are_true() -> None:
    assert findings(DOCKER_TEXT, COMPOSE_TEXT) == []


@pytest.mark.parametrize(
    ("true", "false", "complaint"),
    [
        ("FROM python:3.11-slim-bookworm", "FROM python:slim", "image python:slim has no tag"),
        ("FROM python:3.11-slim-bookworm", "FROM python", "image python has no tag"),
        ("COPY migrations migrations", "COPY migration migrations", "migration does not exist"),
        ("COPY migrations migrations", "COPY tests tests", "tests is ignored by docker/Dockerfile.dockerignore"),
        ("COPY migrations migrations", "COPY migrations m\nCOPY .venv v", ".venv is ignored by"),
        ("COPY migrations migrations", "ADD migrations migrations", "ADD"),
        ("COPY configs/prices.toml configs/\n", "", "lacks configs/prices.toml"),
        ("--from=wheel", "--from=wheels", "no earlier stage wheels"),
        ("COPY configs/requirements/full.lock configs/requirements/\n", "", "full.lock is not copied"),
        ("--require-hashes --no-deps -r configs/requirements/core.lock", "-r configs/requirements/core.lock", "hashes"),
        ("FROM runtime AS proxy", "FROM training AS proxy", "reaches the image proxy"),
        ("--from=core /opt", "--from=training /opt", "reaches the image proxy"),
        ("USER 10001:10001", "USER root", "stage proxy runs as root"),
        ("USER 10001:10001", "USER 0", "stage full runs as 0"),
        ("USER 10001:10001\n", "", "stage proxy runs as root"),
        ("EXPOSE 8700", "EXPOSE 8080", "must EXPOSE 8700"),
        ('VOLUME ["/data"]\n', "", "which is no VOLUME"),
        ("SHADOWBERT_SERVER__HOST", "SHADOWBERT_SERVER__HOTS", "variable SHADOWBERT_SERVER__HOTS: unknown"),
        ("SERVER__HOST=0.0.0.0", "SERVER__HOST=127.0.0.1", "listens on loopback"),
        ("/healthz", "/health", "no HEALTHCHECK of /healthz"),
        ("127.0.0.1', 8700", "127.0.0.1', 8000", "no HEALTHCHECK of /healthz on port 8700"),
        ('CMD ["serve"]', "CMD serve", "CMD is not in exec form"),
        ('ENTRYPOINT ["shadowbert"]', 'ENTRYPOINT ["python"]', "does not run shadowbert"),
        ('CMD ["serve", "--no-worker"]', 'CMD ["serve", "--no-workers"]', "No such option"),
        ('CMD ["serve"]', 'CMD ["server"]', "No such command"),
        ("PYTHONUNBUFFERED=1", "OPENAI_API_KEY=x", "a secret has no place"),
        ("IMAGE doctor --make-token", "IMAGE doctor --token", "No such option"),
        ("FROM base AS core", "FROM base", "a stage begins with"),
    ],
)
def test_a_false_dockerfile_is_found(true: str, false: str, complaint: str) -> None:
    assert true in DOCKER_TEXT
    assert complaint in "\n".join(findings(DOCKER_TEXT.replace(true, false), COMPOSE_TEXT))


@pytest.mark.parametrize(
    ("true", "false", "complaint"),
    [
        ("target: full", "target: training-image", "no stage training-image"),
        ("dockerfile: docker/Dockerfile, target: full", "dockerfile: Dockerfile, target: full", "another Dockerfile"),
        ("postgres:17-bookworm", "postgres:latest", "postgres:latest has no tag"),
        ("command: [work]", "command: [worker]", "No such command"),
        ("command: [work]", "command: work", "is not a list"),
        ("UPSTREAM__BASE_URL:", "UPSTREAM__URL:", "unknown"),
        (":-https://api.openai.com/v1}", ":-api.openai.com}", "should be an http or https URL"),
        ("postgresql+psycopg://", "sqlite://", "its store is not PostgreSQL"),
        ("- data:/data", "- data:/var", "/data is on no volume"),
        ("- data:/data", "- dat:/data", "mounts dat"),
        ('"127.0.0.1:8700:8700"', '"8700:8700"', "publishes 8700:8700"),
        ('"127.0.0.1:8700:8700"', '"127.0.0.1:8700:80"', "publishes 127.0.0.1:8700:80"),
        (
            "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?see the top of compose.yaml}",
            "POSTGRES_PASSWORD: x",
            "secret aloud",
        ),
        ("shadowbert:${POSTGRES_PASSWORD:?see the top of compose.yaml}@", "shadowbert:hunter2@", "secret aloud"),
        ("    db:\n      condition", "    postgres:\n      condition", "depends on postgres"),
        ("    healthcheck:\n      test", "    x-healthcheck:\n      test", "waits for the health of db"),
        ("run --rm worker db upgrade", "run --rm worker db update", "No such command"),
        ("run --rm worker db upgrade", "run --rm web db upgrade", "names a service web"),
        ("services:", "service:", "cannot be read"),
    ],
)
def test_a_false_compose_file_is_found(true: str, false: str, complaint: str) -> None:
    assert true in COMPOSE_TEXT
    assert complaint in "\n".join(findings(DOCKER_TEXT, COMPOSE_TEXT.replace(true, false)))
