// Package service has the causes of a connection or a datagram that comes to
// nobody: of services whose address rules translate, of sockets, and of names.
// They are causes like the others of package cause, which has what they are.
package service
