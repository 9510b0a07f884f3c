import { z } from 'zod';

const healthcheck = z.looseObject({ path: z.string().optional() });
const appJson = z.looseObject({ healthchecks: z.record(z.string(), z.array(healthcheck)).optional() });

/** What a build takes from app.json: the path that answers when a process type is healthy. */
export interface AppJson {
  readonly checks: ReadonlyMap<string, string>;
  /** Why something in the file is not used; for the transcript. */
  readonly warnings: readonly string[];
}

/** A path of an HTTP request line: it ends up in one. */
const PATH = /^\/[\x21-\x7e]{0,1023}$/;
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads `healthchecks.<type>[0].path` of an app.json. Never throws: what cannot be read is a warning, since the file
 * has readers besides us and none of its keys is needed for a build.
 */
export function parseAppJson(text: string): AppJson {
  let raw: unknown;
  try {
    raw = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { checks: new Map(), warnings: ['app.json is not valid JSON and is ignored.'] };
  }
  const parsed = appJson.safeParse(raw);
  if (!parsed.success) {
    return {
      checks: new Map(),
      warnings: ['app.json: healthchecks has an unexpected shape and is ignored.'],
    };
  }
  const checks = new Map<string, string>();
  const warnings: string[] = [];
  for (const [type, list] of Object.entries(parsed.data.healthchecks ?? {})) {
    const path = list[0]?.path;
    if (path === undefined || !/^[A-Za-z0-9_-]{1,63}$/.test(type) || RESERVED.has(type)) continue;
    if (PATH.test(path)) checks.set(type, path);
    else
      warnings.push(
        `app.json: the path of the health check of ${type} must start with "/" and hold no spaces; it is ignored.`,
      );
  }
  return { checks, warnings };
}
