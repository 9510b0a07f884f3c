import { answerTransfer } from '../../answer-transfer.ts';
import type { Run } from '../../command.ts';

export const run: Run = (context, [app = '']) => answerTransfer(context, app, 'accepted');
