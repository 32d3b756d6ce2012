import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import { connectApprovalHost } from '$approval-host';
import { mount } from 'svelte';
import Approval from './approval/Approval.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('approval.html has no #app');
mount(Approval, { target, props: { host: connectApprovalHost() } });
