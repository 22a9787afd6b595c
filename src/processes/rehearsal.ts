/** Names the scratch server, for a Lockstep that is the command rehearsed: it starts none of its own and puts nothing into service. */
export const rehearsalVariable = "LOCKSTEP_REHEARSAL";
