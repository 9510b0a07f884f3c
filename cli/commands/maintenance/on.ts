import type { Run } from '../../command.ts';
import { setMaintenance } from '../../set-maintenance.ts';

export const run: Run = (context) => setMaintenance(context, true);
