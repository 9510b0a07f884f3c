import type { Run } from '../../command.ts';
import { lockApp } from '../../lock-app.ts';

export const run: Run = (context) => lockApp(context, false);
