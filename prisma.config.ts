import { defineConfig } from 'prisma/config';

// Prisma's own engine is not needed for `generate`, `format` or `validate`, but the CLI insists on finding one.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= '/bin/true';

export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } });
