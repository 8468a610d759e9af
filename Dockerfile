# `serve` on a CPU: docker build -t sklearn_mgc . && docker run -p 8000:8000 -v $PWD/model.skops:/model.skops sklearn_mgc
FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY sklearn_mgc ./sklearn_mgc
# pip's own settings (PIP_EXTRA_INDEX_URL) choose a CPU build of torch where there is one.
ARG PIP_EXTRA_INDEX_URL
RUN pip install --no-cache-dir -c constraints.txt ".[web,skops,av]" && useradd --create-home listener
USER listener
EXPOSE 8000
ENTRYPOINT ["python", "-m", "sklearn_mgc", "serve", "--host", "0.0.0.0"]
CMD ["/model.skops"]
