// Package full has the causes of what there is no room for any more: in the table of
// connections, in that of neighbours, and among the ports of an address. They are causes
// like the others of package cause, which has what they are.
package full
