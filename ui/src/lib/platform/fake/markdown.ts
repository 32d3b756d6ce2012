import type { IncidentView } from '$wire';
import { incidentLink } from '../../words/link';
import { revealed } from '../../words/untrusted';

/** An incident as a document, shorter than the engine's but of the same build. */
export function inventMarkdown({ row, assessment, timeline, plan }: IncidentView): string {
  const said = (text: string): string => revealed(text).replace(/[\\`*_[\]<>|~&#$]/g, '\\$&').replace(/\s+/g, ' ');
  const lines = [
    `# ${row.label}: ${said(row.title)}`,
    '',
    `- **Severity:** ${row.severity}`,
    `- **State:** ${row.state}`,
    `- **Owner:** ${said(row.owner ?? 'nobody')}`,
    `- **In Firebreak:** \`${incidentLink(row.id)}\``,
    '',
    '## Summary',
    '',
    ...assessment.summary.map(({ text, cites }) => `- ${said(text)} (${cites.join(', ') || 'not cited'})`),
    '',
    '## Timeline (UTC)',
    '',
    ...timeline.map(({ at, actor, text }) => `- ${at.slice(0, 19).replace('T', ' ')} ${said(actor)}: ${said(text)}`),
    '',
    '## Plan',
    '',
    ...(plan?.steps.map((step) => `${step.rank}. ${said(step.title)}: **${step.state}**`) ?? ['There is none.']),
  ];
  return `${lines.join('\n')}\n`;
}
