package netfile

import (
	"strconv"
	"strings"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// told is a row in words: what of its head is not zero, and its attributes.
func (s *schema) told(r row) string {
	var b strings.Builder
	s.tellHead(&b, r.head)
	tell(&b, r.in)
	return strings.TrimPrefix(b.String(), " ")
}

func (s *schema) tellHead(b *strings.Builder, head []uint64) {
	for i, p := range s.head {
		if p.name != "" && head[i] != 0 {
			b.WriteString(" ." + p.name + "=" + strconv.FormatUint(head[i], 10))
		}
	}
}

func tell(b *strings.Builder, all []node) {
	for _, n := range all {
		b.WriteString(" " + n.name)
		switch n.kind {
		case flag:
		case nest, array, hops:
			open, shut := "{", " }"
			if n.kind == nest && n.bare {
				open, shut = "(", " )"
			}
			b.WriteString(open)
			if n.head != nil {
				hop.tellHead(b, n.head)
			}
			tell(b, n.in)
			b.WriteString(shut)
		default:
			b.WriteString("=" + words(n.kind, n.value))
		}
	}
}

// deepest bounds the nests in nests.
const deepest = 12

// reader reads the words of a row.
type reader struct {
	rest []string
}

// heard is the row that words say.
func (s *schema) heard(tokens []string) (r row, err error) {
	in := reader{tokens}
	if r.head, err = in.head(s); err != nil {
		return r, err
	}
	if r.in, err = in.nodes(s, "", 0); err != nil {
		return r, err
	}
	if len(in.rest) > 0 {
		return r, unknown(in.rest[0])
	}
	if len(s.message(r)) > most {
		return r, errTooLong
	}
	return r, nil
}

var errTooLong = say.Err("a row that is too long", "一行太长")

func unknown(token string) error {
	return say.Err("%q means nothing here", "这里的 %q 没有意义", short([]string{token}))
}

// head reads the numbers that begin with a dot.
func (in *reader) head(s *schema) ([]uint64, error) {
	head := make([]uint64, len(s.head))
	for len(in.rest) > 0 && strings.HasPrefix(in.rest[0], ".") {
		name, value, _ := strings.Cut(in.rest[0][1:], "=")
		found := false
		for i, p := range s.head {
			if p.name == name && name != "" {
				n, err := strconv.ParseUint(value, 10, p.size*8)
				if err != nil {
					return nil, unknown(in.rest[0])
				}
				head[i], found = n, true
			}
		}
		if !found {
			return nil, unknown(in.rest[0])
		}
		in.rest = in.rest[1:]
	}
	return head, nil
}

// nodes reads attributes up to the end of the row, or of the nest.
func (in *reader) nodes(s *schema, end string, depth int) (all []node, err error) {
	before := ""
	for len(in.rest) > 0 && in.rest[0] != end {
		token := in.rest[0]
		in.rest = in.rest[1:]
		n, err := in.node(s, token, before, depth)
		if err != nil {
			return nil, err
		}
		if n.kind == word {
			before = attr.String(n.value)
		}
		all = append(all, n)
	}
	if end == "" {
		return all, nil
	}
	if len(in.rest) == 0 {
		return nil, say.Err("%q is missing", "缺少 %q", end)
	}
	in.rest = in.rest[1:]
	return all, nil
}

func (in *reader) node(s *schema, token, before string, depth int) (n node, err error) {
	name, value, valuedToken := strings.Cut(token, "=")
	opened := ""
	if !valuedToken && (strings.HasSuffix(name, "{") || strings.HasSuffix(name, "(")) {
		opened = name[len(name)-1:]
		name = name[:len(name)-1]
	}
	f := s.byName(name)
	if id, err := strconv.ParseUint(name, 10, 14); f == nil && err == nil {
		n.id = uint16(id)
		f = s.byID(n.id)
		if f == nil && !s.closed {
			f = &field{id: n.id, kind: raw}
		}
	}
	if f == nil || depth > deepest {
		return n, unknown(token)
	}
	n.id, n.name, n.kind = f.id, name, f.kind
	switch {
	case opened != "":
		return in.opened(f, n, opened, before, depth)
	case !valuedToken:
		if f.kind != flag {
			return n, unknown(token)
		}
		return n, nil
	}
	if value, err = unquoted(value); err != nil {
		return n, unknown(token)
	}
	b, ok := valued(f.kind, value)
	if !ok {
		return n, unknown(token)
	}
	n.value = b
	if !fits(n.kind, b) {
		n.kind = raw
	}
	return n, nil
}

// opened reads what is in a nest.
func (in *reader) opened(f *field, n node, opened, before string, depth int) (node, error) {
	end := "}"
	if opened == "(" {
		n.bare, end = true, ")"
	}
	var err error
	switch f.kind {
	case nest:
		n.in, err = in.nodes(f.inner(before), end, depth+1)
	case array:
		n.in, err = in.nodes(f.in, end, depth+1)
		for i := range n.in {
			if i > 0 && n.in[i].id <= n.in[i-1].id || len(n.in[i].value) != 4 || n.in[i].kind != number {
				return n, unknown(n.in[i].name)
			}
		}
	case hops:
		for err == nil && len(in.rest) > 0 && in.rest[0] == "hop{" {
			in.rest = in.rest[1:]
			one := node{name: "hop", kind: hops}
			if one.head, err = in.head(f.in); err == nil {
				one.in, err = in.nodes(f.in, "}", depth+1)
			}
			n.in = append(n.in, one)
		}
		if err == nil && (len(in.rest) == 0 || in.rest[0] != end) {
			return n, unknown(f.name)
		}
		if err == nil {
			in.rest = in.rest[1:]
		}
	default:
		return n, unknown(f.name)
	}
	if err == nil && len(appendNodes(nil, []node{n})) > most {
		err = errTooLong
	}
	return n, err
}

func unquoted(s string) (string, error) {
	if strings.HasPrefix(s, `"`) {
		return strconv.Unquote(s)
	}
	return s, nil
}

// tokens cuts a line at its spaces, but for those in quotes.
func tokens(line string) (all []string) {
	begin, in := -1, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && in:
			i++
		case c == '"':
			in = !in
			if begin < 0 {
				begin = i
			}
		case (c == ' ' || c == '\t') && !in:
			if begin >= 0 {
				all = append(all, line[begin:i])
			}
			begin = -1
		case begin < 0:
			begin = i
		}
	}
	if begin >= 0 {
		all = append(all, line[begin:])
	}
	return all
}
