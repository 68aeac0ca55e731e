package table

import (
	"strconv"

	"nstutor/internal/say"
)

// Numbers are the route's type, protocol and scope as rtnetlink has them. It
// fails where one is no name that iproute2 has built in.
func (r Route) Numbers() (kind, proto, scope int, err error) {
	for _, field := range []struct {
		names map[int]string
		name  string
		to    *int
	}{{rtTypeNames, r.Type, &kind}, {rtProtoNames, r.Proto, &proto}, {rtScopeNames, r.Scope, &scope}} {
		if *field.to, err = ipNumber(field.names, field.name); err != nil {
			return 0, 0, 0, err
		}
	}
	return kind, proto, scope, nil
}

// Number is the routing table of that name.
func Number(name string) (int, error) { return ipNumber(rtTableNames, name) }

// ipNumber is the number that ipName gives a name, or the one that it shows itself.
func ipNumber(names map[int]string, name string) (int, error) {
	for n, known := range names {
		if known == name {
			return n, nil
		}
	}
	n, err := strconv.Atoi(name)
	if err != nil {
		return 0, say.Err("%q is no name that is known here", "这里不认识名字 %q", name)
	}
	return n, nil
}
