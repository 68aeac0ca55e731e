// Package verify tries a fix in a copy of the network that it is for.
//
// Try takes down the namespaces that the packet's wires lead to, and runs this
// program again as the inside of a lab (Serve), which builds them, sees the same
// packet get lost for the same cause, runs the commands of the fix as they are printed,
// and sees request and reply arrive. Then each command is left out once, and what
// else the fix opens, closes or reroutes is judged by the engine. Nothing happens
// in the network itself.
//
//	verified.go words.go   what came of it, for programs and for people
//	try.go copied.go room.go   outside: whom to copy, which labs to run
//	another.go             and which other fixes to try
//	serve.go flows.go silence.go handles.go   inside: the trial
package verify
