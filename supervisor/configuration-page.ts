import { z } from 'zod';
import { INHERITED, settingsSchema } from './config.ts';

/** The settings as a page: one row per setting, from the schema that parses them. */
function configurationPage(): string {
  const rows = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const fallback = schema instanceof z.ZodDefault ? `\`${String(schema.def.defaultValue)}\`` : '';
    const description = descriptionOf(schema);
    if (description === undefined) throw new Error(`${name} has no description`);
    return `| \`${name}\` | ${fallback === '``' ? 'empty' : fallback} | ${description} |`;
  });
  return [
    '# Settings',
    '',
    '<!-- Generated from supervisor/config.ts by script/docs; edit that. -->',
    '',
    'Settings are environment variables of `script/server`. An unset or empty variable takes its default. What is given',
    '(a database, a queue, an engine, a registry) is used instead of the part that the platform would run itself.',
    'They are read at each start: to change one, start again with another value.',
    `Besides, what says how to reach the outside is handed on to every part: ${INHERITED.map((name) => `\`${name}\``).join(', ')}.`,
    '',
    '| Setting | Default | Meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The description stands on the schema itself or on the inner one that a wrapper took over. */
function descriptionOf(schema: z.ZodType): string | undefined {
  return (
    schema.description ??
    (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
      ? descriptionOf(schema.unwrap() as z.ZodType)
      : undefined)
  );
}

process.stdout.write(configurationPage());
