package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reason is why words stand outside of the catalogue: they are nobody's sentence.
type reason struct {
	why   string
	files string // where these may stand, as a prefix of the path; empty: everywhere
	words *regexp.Regexp
}

// reasons are all there are.
var reasons = []reason{
	{"a command line, or a part of one", "", regexp.MustCompile(`^[ ;{&#]*(HANDLE: nft|ip|wg show|iptables|nft|bridge|docker|nstutor|dev|echo nameserver|addr show|link show|default via|unreachable default|type nat|type bridge|for f in)\b|^/(24|32) dev|^ (down|hairpin off|priority dstnat|master|type veth|self permanent|dir out)`)},
	{"a line of nft, or a part of one", "", regexp.MustCompile(`^(add|insert|delete|flush) (table|chain|rule|map|set|element)\b|^ ?((tcp|udp) dport [0-9]+ ?)?(counter )?dnat to |^(tcp|udp) dport [0-9]+$|^rule ip svc |^ ?fib daddr type |^ tcp dport [0-9]+ (counter accept|drop|counter goto svc-web)$|^ meta nftrace set 1$|^goto [a-z-]+$|^ passing (ip daddr|[{] type filter)|^ ?((tcp|udp) dport [0-9]+ |ct state [a-z,]+ |oifname eth0 )?counter (accept|drop|reject|masquerade|meta mark)\b|^ \. tcp \. `)},
	{"words of ip", "internal/change/link_set.go", regexp.MustCompile(`^type macvlan mode$`)},
	{"rules of iptables in the words of nft", "internal/iptables/", regexp.MustCompile(`^type (filter|route) hook |^(icmp type|th [sd]port|ct state|fib daddr type|meta (mark|skuid)|destination-unreachable icmp code frag-needed)$`)},
	{"rules of iptables", "", regexp.MustCompile(`^ ?(-[APmp] |FORWARD|OUTPUT|(filter|nat|mangle|raw) [A-Z]+$)`)},
	{"rules as nft and iptables print them", "diag/netfilter/", regexp.MustCompile(`.`)},
	{"a script, for a shell", "steps/contract/script.go", regexp.MustCompile(`.`)},
	{"a command of a small runtime, and what a script says", "", regexp.MustCompile(`^(cni (check )?$|no route to $|CNI_COMMAND=ADD|%s ip addr add)`)},
	{"a module, a target and a field of the packet filter", "", regexp.MustCompile(`^(module [a-z_]+|target TPROXY|(tcp|udp) dport|ct state( established)?)$`)},
	{"frames as tcpdump prints them", "diag/wire/frame", regexp.MustCompile(`.`)},
	{"what a frame of ICMP is called by tcpdump", "", regexp.MustCompile(`^(echo (request|reply)|time exceeded in-transit)$`)},
	{"what ping says", "diag/probe/message.go", regexp.MustCompile(`.`)},
	{"what ping says", "diag/probe/icmp", regexp.MustCompile(`.`)},
	{"what nc and ping say", "diag/probe/d", regexp.MustCompile(`^(nc: connect|%d bytes from| \(DIFFERENT ADDRESS)`)},
	{"what nc says", "diag/probe/connect.go", regexp.MustCompile(`^Connection to`)},
	{"what ping says", "steps/exercise/check/ping.go", regexp.MustCompile(`^%d packets transmitted`)},
	{"what curl says", "diag/probe/get.go", regexp.MustCompile(`^(curl: )?\(\d+\) `)},
	{"what the resolver says", "diag/resolve/resolve.go", regexp.MustCompile(`.`)},
	{"lines of nsswitch.conf", "", regexp.MustCompile(`^(/etc/nsswitch\.conf: hosts: %s|files dns)$`)},
	{"what ip says", "", regexp.MustCompile(`^(Cannot open network namespace %q|Device %q does not exist\.$|Cannot find (bridge )?device %q$|Error: argument %q is wrong: |RTNETLINK answers: $|ecn features )`)},
	{"a system call", "diag/wire/", regexp.MustCompile(`^(setsockopt [A-Z_]+|packet socket)$`)},
	{"a table of the kernel's, in its own names", "diag/explain/cause/full/neighbours_full.go", regexp.MustCompile(`^arp_cache: `)},
	{"values of the JSON", "diag/verify/verified.go", regexp.MustCompile(`^(same cause|different cause|not delivered|not tried)$`)},
	{"names that others have given", "", regexp.MustCompile(`^(no (local )?endpoints$|\[lxc monitor\] |Dual MIT/GPL|Weave Net)$`)},
	{"a command and its argument", "internal/cli/", regexp.MustCompile(`^[a-z]+ [A-Z]+$`)},
	{"never shown: an exit status is all that comes of it", "internal/cli/cli.go", regexp.MustCompile(`^(exit status %d|ended by )$`)},
	{"what a web server says", "internal/replica/listen.go", regexp.MustCompile(`^HTTP/1.0 200 OK`)},
	{"a page of the lab's web server, as nginx has it", "internal/lab/applet.go", regexp.MustCompile(`^<h1>`)},
	{"a comment in a file of the lab", "internal/lab/furnish.go", regexp.MustCompile(`^# `)},
}

// english are two words in a row.
var english = regexp.MustCompile(`[A-Za-z]{2,}[,;:.]? [A-Za-z]{2,}`)

// plain are the words of a file that no sentence of the catalogue has, and no reason
// excuses; used counts what the reasons are good for.
func (s source) plain(speakers map[string]int, used []int) []*ast.BasicLit {
	said := map[ast.Node]bool{}
	var found []*ast.BasicLit
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			if n.Tag != nil {
				said[n.Tag] = true
			}
		case *ast.CallExpr:
			sentence, ok := s.sentence(n, speakers)
			for _, format := range []ast.Expr{sentence.en, sentence.zh} {
				if ok {
					ast.Inspect(format, func(inner ast.Node) bool { said[inner] = true; return true })
				}
			}
		case *ast.BasicLit:
			if text, _ := literal(n); !said[n] && english.MatchString(text) && !s.excused(text, used) {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

func (s source) excused(text string, used []int) bool {
	for i, r := range reasons {
		if strings.HasPrefix(s.path, r.files) && r.words.MatchString(text) {
			used[i]++
			return true
		}
	}
	return false
}

// TestNoPlainEnglishReachesAUser: what is a sentence is one of the catalogue's. It
// does not follow where a string goes: words that nobody is told need a reason.
func TestNoPlainEnglishReachesAUser(t *testing.T) {
	all := sources(t)
	by := speakers(all)
	used := make([]int, len(reasons))
	for _, s := range all {
		for _, words := range s.plain(by, used) {
			t.Errorf("%s: %s is in English alone: say it with say.T or say.Err", s.at(words), words.Value)
		}
	}
	for i, r := range reasons {
		if used[i] == 0 {
			t.Errorf("nothing needs the reason %q any more", r.why)
		}
	}
}

// errorMakers make errors that have one language, or lose that of those in them.
var errorMakers = []string{"fmt.Errorf", "errors.New", "errors.Join"}

// toolsErrors is where an error is what a tool says.
const toolsErrors = "diag/probe/get.go"

// TestErrorsAreSentences: each is made by say, so that whoever shows it can choose
// the language.
func TestErrorsAreSentences(t *testing.T) {
	for _, s := range sources(t) {
		for _, call := range s.oneTongued() {
			if s.path != toolsErrors {
				t.Errorf("%s: make errors with say.Err, say.At and say.Join", s.at(call))
			}
		}
	}
}

// oneTongued are the calls of a file that make an error of one language.
func (s source) oneTongued() []ast.Node {
	var found []ast.Node
	ast.Inspect(s.file, func(n ast.Node) bool {
		if f, ok := n.(*ast.SelectorExpr); ok {
			if room, ok := f.X.(*ast.Ident); ok && slices.Contains(errorMakers, room.Name+"."+f.Sel.Name) {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

func TestPlainEnglishIsSeen(t *testing.T) {
	const code = `package x
var help = "show the exercises"
func f(w io.Writer) error {
	fmt.Fprintln(w, "nothing was found: " + name)
	say.T("it is said", "说了")
	run("ip route add default via 10.0.0.1")
	return fmt.Errorf("%s: not there: %w", name, errors.New("gone"))
}`
	lines := token.NewFileSet()
	file, err := parser.ParseFile(lines, "x.go", code, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	s := source{"x.go", file, lines}
	var got []string
	for _, words := range s.plain(map[string]int{"T": 0}, make([]int, len(reasons))) {
		got = append(got, words.Value)
	}
	if want := []string{`"show the exercises"`, `"nothing was found: "`, `"%s: not there: %w"`}; !slices.Equal(got, want) {
		t.Errorf("seen %q, want %q", got, want)
	}
	if n := len(s.oneTongued()); n != 2 {
		t.Errorf("%d errors of one language are seen, want 2", n)
	}
}
