// Package socket reads which TCP sockets of a namespace listen and which UDP sockets
// are bound, over sock_diag(7), and says who takes a packet to an address and a
// port, as the kernel's own lookup would find him.
package socket
