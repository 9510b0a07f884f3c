import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from './dockerfile.ts';
import { scanDockerfile } from './dockerfile-rules.ts';

const REGISTRIES = ['10.9.8.7', 'registry.corp.example'];
const scan = (text: string): ReturnType<typeof scanDockerfile> => scanDockerfile(text, REGISTRIES);
const VICTIM = '10.9.8.7:7001/apps/victim';

describe('a Dockerfile', () => {
  it('may build upon nothing, the stack, public images and its own stages', () => {
    for (const from of [
      'scratch',
      'gantry/stack',
      'gantry/stack:latest',
      'node:22-slim',
      'ghcr.io/acme/base:1',
      'docker.io/library/debian',
      'debian@sha256:' + 'a'.repeat(64),
    ]) {
      expect(() => scan(`FROM ${from}\nRUN true`)).not.toThrow();
    }
    expect(() =>
      scan(
        'FROM node:22 AS build\nRUN make\nFROM build AS two\nCOPY --from=build /a /b\nCOPY --from=0 /a /b',
      ),
    ).not.toThrow();
    expect(scan('FROM gantry/stack').stack).toBe(true);
    expect(scan('FROM node:22').stack).toBe(false);
  });

  it.each([
    `FROM ${VICTIM}`,
    `FROM registry.corp.example/apps/victim`,
    `FROM REGISTRY.corp.example:5000/apps/victim`,
    `FROM 127.0.0.1:7001/apps/victim`,
    `FROM localhost/victim`,
    `FROM registry:5000/victim`,
    `FROM [::1]:7001/victim`,
    `FROM gantry/stack-base`,
    `FROM docker.io/gantry/other`,
    `FROM --platform=linux/amd64 ${VICTIM}`,
    `from ${VICTIM}`,
    `FROM \\\n# a comment\n\n  ${VICTIM}`,
    `# escape=\`\nFROM \`\n${VICTIM}`,
    `ARG BASE=${VICTIM}\nFROM $BASE`,
    `ARG HOST="10.9.8.7:7001"\nARG BASE=\${HOST}/apps/victim\nFROM \${BASE}`,
    `FROM \${X:-${VICTIM}}`,
    `ARG X=1\nFROM \${X:+${VICTIM}}`,
    `FROM "${VICTIM}"`,
    `FROM scratch\nCOPY --from=${VICTIM} / /`,
    `FROM scratch\nCOPY --fr"om"=${VICTIM} / /`,
    `FROM scratch\nCOPY --from=\\\n${VICTIM} / /`,
    `FROM scratch\nCOPY --chown=1 --from=${VICTIM} / /`,
    `FROM scratch\nCOPY --from=$X / /`,
    `FROM scratch\nCOPY --from=later / /\nFROM scratch AS later\nCOPY --from=localhost/x / /`,
    `FROM scratch\nRUN --mount=type=bind,from=${VICTIM},target=/x cat /x`,
    `FROM scratch\nRUN --mount=target=/x,FROM=${VICTIM} cat /x`,
    `FROM scratch\nRUN --mount=target=/x,\\"from=${VICTIM}\\" cat /x`,
    `FROM scratch\nONBUILD COPY --from=${VICTIM} / /`,
    `FROM scratch\nRUN echo \\\\\nFROM ${VICTIM}`,
    `\uFEFFFROM ${VICTIM}`,
  ])('may not reach images of other tenants or of this machine: %j [S-INJ-04]', (text) => {
    expect(() => scan(text)).toThrow(/Dockerfile was refused at line \d+/);
  });

  it.each([
    '# syntax=evil/frontend\nFROM scratch',
    '#syntax = docker.io/evil/frontend:1\nFROM scratch',
    '# comment\n# Syntax=evil\nFROM scratch',
    '\n\n# syntax=evil\nFROM scratch',
    '#!/usr/bin/env x\n// syntax=evil\nFROM scratch',
    '{"syntax":"evil"}\nFROM scratch',
    '\uFEFF# syntax=evil\nFROM scratch',
    '# syntax=docker/dockerfile-evil\nFROM scratch',
  ])('may not bring a front end of its own: %j', (text) => {
    expect(() => scan(text)).toThrow(/refused/);
  });

  it('keeps every line but the directive that names the built-in front end', () => {
    expect(scan('# syntax=docker/dockerfile:1\nFROM scratch\nRUN x').text).toBe('#\nFROM scratch\nRUN x');
    expect(scan('FROM scratch\n# syntax=evil').text).toBe('FROM scratch\n# syntax=evil');
  });

  it.each([
    'RUN --network=host true',
    'RUN --security=insecure true',
    'RUN --network="host" true',
    'RUN --mount=type=ssh true',
    'RUN --mount=type=secret,id=x cat /run/secrets/x',
    'ADD git@example.com:a/b.git /x',
    'ADD https://example.com/a/b.git#main /x',
    'ADD --chown=1 git://example.com/a /x',
    'ADD http://127.0.0.1/x /x',
    'ADD http://[::1]:80/x /x',
    'ADD ["http://user@169.254.169.254/", "/x"]',
    'ADD http://2130706433/ /x',
    'ONBUILD RUN --network=host true',
  ])('may not ask for %s [S-INJ-02]', (line) => {
    expect(() => scan(`FROM scratch\n${line}`)).toThrow(/refused at line 2/);
  });

  it('may use caches, temporary file systems, plain ADD and stage names from variables', () => {
    const text =
      'ARG NODE=22\nFROM node:${NODE} AS base-amd64\nFROM base-amd64 AS b\n' +
      'RUN --mount=type=cache,target=/root/.npm --mount=type=tmpfs,target=/t npm ci\nRUN --network=none true\nADD https://example.com/a.tgz /x\nADD . /app';
    expect(() => scan(text)).not.toThrow();
  });

  it('is read to its end without surprises, whatever it says', () => {
    const word = fc.oneof(
      fc.constantFrom('FROM', 'RUN', 'COPY', '--from=x', '\\', '\n', '# syntax=a', '"', "'", '<<EOF', ' '),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), fc.boolean(), (words, doubled) => {
        for (const one of parseDockerfile(words.join(''), { doubled }).instructions)
          expect(one.line).toBeGreaterThan(0);
      }),
    );
  });

  it('that names the victim in a FROM is refused wherever continuations and comments are put', () => {
    const filler = fc.array(fc.constantFrom(' ', '\t', '\\\n', '\\ \n', '\\\n# x\n', '\\\n\n'), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(filler, filler, (before, between) => {
        const text = `RUN x${between.join('')}\nFROM${before.join('')} ${VICTIM}\n`;
        // The filler may join FROM to the RUN above; then it is no FROM to any engine either.
        const froms = [false, true].some((doubled) =>
          parseDockerfile(text, { doubled }).instructions.some((one) => one.name === 'FROM'),
        );
        if (froms) expect(() => scan(text)).toThrow(/refused/);
        else expect(text).toContain('FROM');
      }),
    );
  });
});
