import type { ApprovalDocument } from '$wire';
import type { ApprovalHost } from '../host';
import { call } from './call';

/** The host of the approval window: its capability holds these three commands and no other. */
export function connectApprovalHost(): ApprovalHost {
  return {
    getApprovalDocument: () => call<ApprovalDocument>('get_approval_document'),
    signApproval: () => call<void>('sign_approval'),
    declineApproval: (reason) => call<void>('decline_approval', { reason }),
  };
}
