// Package watch keeps the tables of a namespace up to date: the kernel announces what
// changes, and only the tables concerned are read again.
package watch
