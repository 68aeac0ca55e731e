package netfile

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/probe"
	"nstutor/internal/replica"
	"nstutor/internal/replica/nftables"
	"nstutor/internal/say"
)

// Read reads what Write has written, or somebody who means harm: it makes nothing,
// and what is in the File names no file, no setting but those of a network
// namespace, and no namespace but its own. An error says which line is wrong.
func Read(text string) (File, error) {
	first, rest, _ := strings.Cut(text, "\n")
	version, ok := strings.CutPrefix(strings.TrimSuffix(first, "\r"), Heading)
	n, err := strconv.Atoi(version)
	if !ok || err != nil || n < 1 {
		return File{}, say.Err("this is no network that `nstutor capture` wrote: its first line is not %q", "这不是 `nstutor capture` 写的网络：第一行不是 %q", Heading+strconv.Itoa(Version))
	}
	if n > Version {
		return File{}, newer(n)
	}
	r := parse{names: map[string]int{}, away: map[place]string{}, devs: map[place]bool{}, called: map[spaceDev]bool{}}
	number := 1
	for line := range strings.Lines(rest) {
		number++
		if err := r.line(tokens(strings.TrimRight(line, "\r\n"))); err != nil {
			return File{}, say.Err("line %d: %v", "第 %d 行：%v", number, err)
		}
	}
	if n >= 3 && !r.ended {
		return File{}, say.Err("the file is cut off: its last line is not %q", "文件不完整：最后一行不是 %q", ending)
	}
	return r.done()
}

// parse is a file that is being read.
type parse struct {
	file   File
	ended  bool
	common []replica.Setting
	names  map[string]int    // of the namespaces, and their places
	away   map[place]string  // of links, the names of the namespaces they lead to
	devs   map[place]bool    // indexes that are taken
	called map[spaceDev]bool // and names
}

// place is a link by its namespace's place, and its own.
type place struct{ space, link int }

type spaceDev struct {
	space int
	name  string
}

func (p *parse) line(words []string) error {
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	if p.ended {
		return unknown(words[0])
	}
	var plain []string
	for _, w := range words[1:] {
		s, err := unquoted(w)
		if err != nil {
			return unknown(w)
		}
		plain = append(plain, s)
	}
	switch words[0] {
	case ending:
		p.ended = len(plain) == 0
		return nil
	case "ask":
		return p.ask(plain)
	case "came":
		return p.came(plain)
	case "lacks":
		return p.lacks(plain)
	case "setting":
		return p.setting(plain)
	case "namespace":
		return p.namespace(plain)
	}
	if len(p.file.Network.Spaces) == 0 {
		return unknown(words[0])
	}
	s := &p.file.Network.Spaces[len(p.file.Network.Spaces)-1]
	switch words[0] {
	case "link":
		return p.link(s, words[1:])
	case "vlans":
		r, err := vlanRow.heard(words[1:])
		if err != nil || len(s.Links) == 0 {
			return unknown(words[0])
		}
		s.Links[len(s.Links)-1].VLANs = append([]byte{}, vlanRow.message(r)...)
		return nil
	case "policy":
		return p.policy(s, plain)
	case "listens":
		return listens(s, plain)
	case "ipset":
		return readSet(s, words[1:])
	case "ipset-entry":
		return readEntry(s, words[1:])
	}
	return readRow(s, words)
}

// readRow reads a line of a table that has rows alone.
func readRow(s *replica.Space, words []string) error {
	for _, t := range rows {
		if t.word == words[0] {
			r, err := t.of.heard(words[1:])
			if err != nil {
				return err
			}
			to := t.in(s)
			*to = append(*to, t.of.message(r))
			return nil
		}
	}
	for _, t := range objects {
		if t.word == words[0] && len(words) > 1 {
			family, err := strconv.ParseUint(words[1], 10, 8)
			if err != nil {
				return unknown(words[1])
			}
			r, err := t.of.heard(words[2:])
			if err != nil {
				return err
			}
			to := t.in(&s.Filter)
			*to = append(*to, nftables.Object{Family: byte(family), Attrs: t.of.message(r)})
			return nil
		}
	}
	return unknown(words[0])
}

func (p *parse) ask(words []string) error {
	if len(words) != 4 || p.file.Asked != nil {
		return unknown("ask")
	}
	a := Asked{From: words[0], Proto: words[1]}
	var err error
	if a.Dest, err = netip.ParseAddr(words[2]); err != nil || a.Dest.Zone() != "" && !a.Dest.IsLinkLocalUnicast() {
		return unknown(words[2])
	}
	port, err := strconv.ParseUint(words[3], 10, 16)
	if err != nil || !slices.Contains([]string{"icmp", "tcp", "udp"}, a.Proto) || (port == 0) != (a.Proto == "icmp") {
		return unknown(words[3])
	}
	a.Port = uint16(port)
	p.file.Asked = &a
	return nil
}

// longest is how long an answer may have been waited for.
const longest = time.Hour

func (p *parse) came(words []string) error {
	if len(words) != 3 || p.file.Asked == nil || p.file.Asked.Came != nil {
		return unknown("came")
	}
	var c Came
	var ok bool
	if c.Outcome, ok = probe.OutcomeCalled(words[0]); !ok || c.Outcome == probe.OutcomeUnknown {
		return unknown(words[0])
	}
	if words[1] != nobody {
		var err error
		if c.From, err = netip.ParseAddr(words[1]); err != nil || c.From.Zone() != "" {
			return unknown(words[1])
		}
	}
	var err error
	if c.Waited, err = time.ParseDuration(words[2]); err != nil || c.Waited < 0 || c.Waited > longest {
		return unknown(words[2])
	}
	p.file.Asked.Came = &c
	return nil
}

func (p *parse) lacks(words []string) error {
	if len(words) != 4 || !replica.What(words[1]).Known() {
		return unknown("lacks")
	}
	p.file.Network.Missing = append(p.file.Network.Missing, replica.Omission{Netns: words[0], What: replica.What(words[1]), Name: words[2], Err: words[3]})
	return nil
}

func (p *parse) setting(words []string) error {
	if len(words) != 2 || !replica.IsSetting(words[0]) || len(words[1]) > 256 {
		return say.Err("%q is no setting of a network namespace", "%q 不是网络命名空间的参数", short(words))
	}
	s := replica.Setting{Path: words[0], Value: words[1]}
	if n := len(p.file.Network.Spaces); n > 0 {
		to := &p.file.Network.Spaces[n-1].Settings
		*to = append(*to, s)
	} else {
		p.common = append(p.common, s)
	}
	return nil
}

func (p *parse) namespace(words []string) error {
	if len(words) != 1 || !isName(words[0], 200) || strings.HasPrefix(words[0], "pid:") {
		return say.Err("%q is not a name for a network namespace", "%q 不能用作网络命名空间的名称", short(words))
	}
	if _, twice := p.names[words[0]]; twice || len(p.names) == mostSpaces {
		return say.Err("the namespace %q is there twice, or is one too many", "命名空间 %q 出现了两次，或者命名空间太多", short(words))
	}
	p.names[words[0]] = len(p.names)
	p.file.Network.Spaces = append(p.file.Network.Spaces, replica.Space{Name: words[0], Settings: slices.Clone(p.common)})
	return nil
}

// short is enough of some words to find them by.
func short(words []string) string {
	const most = 60
	s := strings.Join(words, " ")
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// isName reports whether a namespace, or a device, can have a name.
func isName(name string, most int) bool {
	return name != "" && name != "." && name != ".." && len(name) <= most && !strings.ContainsAny(name, "/\x00 \t\r\n") && say.Clean(name) == name
}

func (p *parse) link(s *replica.Space, words []string) error {
	if len(words) == 0 {
		return unknown("link")
	}
	r, err := linkRow.heard(words[1:])
	if err != nil {
		return err
	}
	here := len(p.file.Network.Spaces) - 1
	l := replica.Link{Message: linkRow.message(r), At: here}
	for _, n := range r.in {
		if n.kind == dev && n.name == "name" {
			l.Name = attr.String(n.value)
		}
		for _, in := range n.in {
			if n.name == "info" && in.name == "kind" && in.kind == word {
				l.Kind = attr.String(in.value)
			}
		}
	}
	l.Index = int(int32(r.head[3]))
	switch where, in := strings.CutPrefix(words[0], "in="); {
	case words[0] == "away":
		l.At = replica.Elsewhere
	case in:
		if where, err = unquoted(where); err != nil {
			return unknown(words[0])
		}
		p.away[place{here, len(s.Links)}] = where
	case words[0] != "here":
		return unknown(words[0])
	}
	return p.addLink(s, l, here)
}

// addLink adds a link whose index and name are its own.
func (p *parse) addLink(s *replica.Space, l replica.Link, here int) error {
	at, name := place{here, l.Index}, spaceDev{here, l.Name}
	if l.Index <= 0 || !isName(l.Name, unix.IFNAMSIZ-1) || p.devs[at] || p.called[name] || len(p.devs) == mostLinks {
		return say.Err("the device %q has no index or name of its own", "网卡 %q 没有自己的编号或名称", short([]string{l.Name}))
	}
	p.devs[at], p.called[name] = true, true
	s.Links = append(s.Links, l)
	return nil
}

func (p *parse) policy(s *replica.Space, words []string) error {
	const header = 168 // struct xfrm_userpolicy_info
	if len(words) == 1 {
		if b, ok := valued(raw, words[0]); ok && len(b) >= header {
			s.Policies = append(s.Policies, b)
			return nil
		}
	}
	return unknown("policy")
}

func listens(s *replica.Space, words []string) error {
	if len(words) < 2 || words[0] != "tcp" && words[0] != "udp" {
		return unknown("listens")
	}
	at, err := netip.ParseAddrPort(words[1])
	if err != nil || at.Port() == 0 {
		return unknown(words[1])
	}
	l := replica.Listener{Proto: words[0], At: at}
	for _, word := range words[2:] {
		i := slices.IndexFunc(socketWords, func(s socketWord) bool { return s.word == word })
		if i < 0 {
			return unknown("listens")
		}
		*socketWords[i].in(&l) = true
	}
	s.Listeners = append(s.Listeners, l)
	return nil
}

// socketWord is what may be said of a socket behind its address.
type socketWord struct {
	word string
	in   func(*replica.Listener) *bool
}

var socketWords = []socketWord{
	{"deaf", func(l *replica.Listener) *bool { return &l.Deaf }},
	{"transparent", func(l *replica.Listener) *bool { return &l.Transparent }},
}

// done looks at what only the whole file can tell.
func (p *parse) done() (File, error) {
	for at, name := range p.away {
		i, ok := p.names[name]
		if !ok {
			return File{}, say.Err("a device leads to %q, which is not in the file", "有网卡通向 %q，而它不在文件里", short([]string{name}))
		}
		p.file.Network.Spaces[at.space].Links[at.link].At = i
	}
	if len(p.names) == 0 {
		return File{}, say.Err("there is no namespace in the file", "文件里没有命名空间")
	}
	if a := p.file.Asked; a != nil {
		if _, ok := p.names[a.From]; !ok {
			return File{}, say.Err("the flow starts in %q, which is not in the file", "流从 %q 发出，而它不在文件里", short([]string{a.From}))
		}
		if dev := a.Dest.Zone(); dev != "" && !p.called[spaceDev{p.names[a.From], dev}] {
			return File{}, say.Err("the flow leaves by %q, which is not in the file", "流从网卡 %q 出去，而它不在文件里", short([]string{dev}))
		}
	}
	return p.file, nil
}
