/** The address of an incident, which the system hands to the console. The engine reads it. */
export const incidentLink = (id: string): string => `firebreak://incident/${id}`;
