package given

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/say"
	"nstutor/steps"
	"nstutor/steps/exercise/check"
	"nstutor/steps/exercise/world"
)

// deed is a line that builds or breaks: a change, or a server.
type deed struct {
	line   int
	made   change.Change
	netns  string
	port   int  // of a server; 0: it is a change
	answer bool // of datagrams, and not of pages
}

func (d deed) do(w *world.World) {
	switch {
	case d.port == 0:
		w.Make(d.made)
	case d.answer:
		w.Answer(d.netns, d.port)
	default:
		w.Serve(d.netns, d.port)
	}
}

// The bounds of what is read: more than that is no exercise.
const (
	mostDeeds   = 1000
	longestLine = 1000 // bytes
)

// readDeeds reads lines of "NETNS: COMMAND"; without a namespace it is that of
// nobody, where `ip netns add` is typed. Blank lines part what is returned.
func readDeeds(text string) (all [][]deed, err error) {
	var group []deed
	number, read := 0, 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if line == "" {
			if group != nil {
				all, group = append(all, group), nil
			}
			continue
		}
		if read++; read > mostDeeds {
			return nil, say.Err("line %d: an exercise has no more than %d commands", "第 %d 行：一个练习最多 %d 条命令", number, mostDeeds)
		}
		if len(line) > longestLine {
			return nil, say.Err("line %d: it is longer than %d bytes", "第 %d 行：超过 %d 字节", number, longestLine)
		}
		d, err := readDeed(line)
		if err != nil {
			return nil, say.Err("line %d: %v", "第 %d 行：%v", number, err)
		}
		d.line = number
		group = append(group, d)
	}
	if group != nil {
		all = append(all, group)
	}
	return all, nil
}

func readDeed(line string) (d deed, err error) {
	words := strings.Fields(line)
	if netns, named := strings.CutSuffix(words[0], ":"); named {
		d.netns, words = netns, words[1:]
	}
	if len(words) == 2 && (words[0] == "serve" || words[0] == "answer") {
		d.answer = words[0] == "answer"
		d.port, err = strconv.Atoi(words[1])
		if err != nil || d.port < 1 || d.port > 65535 {
			return d, say.Err("%q is no port", "%q 不是端口", words[1])
		}
		return d, nil
	}
	if d.netns == "" && (len(words) < 2 || words[0] != "ip" || !slices.Contains([]string{"netns", "net", "netn"}, words[1])) {
		return d, say.Err("%s: in which namespace? A line is `NAMESPACE: COMMAND`", "%s：在哪个命名空间？一行的写法是 `NAMESPACE: COMMAND`", line)
	}
	d.made, err = change.Parse(d.netns, words...)
	// The path counts, not the key: with its slashes a key can lead out of net.
	if s, ok := d.made.(change.Sysctl); ok && (path.Clean(s.Path) != s.Path || !strings.HasPrefix(s.Path, "net/")) {
		return d, say.Err("%q is no setting of a network namespace", "%q 不是网络命名空间的参数", words[len(words)-1])
	}
	return d, err
}

// flat are the deeds of all groups.
func flat(groups [][]deed) (all []deed) {
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// typed are the changes of lines that somebody types.
func typed(all []deed) (changes []change.Change, err error) {
	for _, d := range all {
		if d.port != 0 {
			return nil, say.Err("a server is no fix", "服务器不是修复")
		}
		changes = append(changes, d.made)
	}
	return changes, nil
}

// checked are the checks of a folder.
type checked struct {
	goals, guards []check.Check
	watch         steps.Watch // the first goal
}

// readChecks reads lines of "goal FROM WHAT TO" and "guard FROM WHAT TO".
func readChecks(text string) (c checked, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 4 {
			return c, say.Err("line %d: a check is `goal FROM WHAT TO`, or guard in its place", "第 %d 行：检查写成 `goal 从 做什么 到`，或者以 guard 开头", number)
		}
		check, watch, err := readCheck(words[1], words[2], words[3], words[4:])
		switch {
		case err != nil:
			return c, say.Err("line %d: %v", "第 %d 行：%v", number, err)
		case words[0] == "goal":
			if c.goals == nil {
				c.watch = watch
			}
			c.goals = append(c.goals, check)
		case words[0] == "guard":
			c.guards = append(c.guards, check.Because("it has to stay so", "这一点必须保持不变"))
		default:
			return c, say.Err("line %d: %q is neither goal nor guard", "第 %d 行：%q 既不是 goal 也不是 guard", number, words[0])
		}
	}
	if c.goals == nil {
		return c, say.Err("there is no goal", "没有 goal")
	}
	return c, nil
}

// readCheck reads what is to be so between a namespace and an address.
func readCheck(from, what, to string, options []string) (c check.Check, w steps.Watch, err error) {
	w.Netns = from
	var port netip.AddrPort
	switch what {
	case "connects", "asks":
		if port, err = netip.ParseAddrPort(to); err != nil || !port.Addr().Is4() {
			return c, w, say.Err("%q is no address and port, such as 10.0.0.1:80", "%q 应写成地址加端口，例如 10.0.0.1:80", to)
		}
	case "gets", "cannot-get":
		if _, err := netip.ParseAddr(to); err != nil {
			if _, err := netip.ParseAddrPort(to); err != nil {
				return c, w, say.Err("%q is neither an address nor one with a port, such as 10.0.0.1:80", "%q 应写成地址，或者地址加端口，例如 10.0.0.1:80", to)
			}
		}
	case "reaches", "cannot-reach":
		if _, err := netip.ParseAddr(to); err != nil {
			return c, w, say.Err("%q is no address", "%q 不是地址", to)
		}
	default:
		return c, w, say.Err("%q: a check knows reaches, cannot-reach, gets, cannot-get, connects and asks", "%q：检查只认识 reaches、cannot-reach、gets、cannot-get、connects 和 asks", what)
	}
	size, df, err := echoOptions(options)
	if err != nil || what != "reaches" && len(options) > 0 {
		return c, w, say.Err("%q: only `reaches` takes `size N` and `df`", "%q：只有 `reaches` 可以带 `size N` 和 `df`", strings.Join(options, " "))
	}
	switch what {
	case "reaches":
		w.Ping, w.Size, w.DF = to, size, df
		return check.ReachesSized(from, to, size, df), w, nil
	case "cannot-reach":
		w.Ping = to
		return check.Blocked(from, to), w, nil
	case "gets":
		w.Get = "http://" + to
		return check.Fetches(from, to), w, nil
	case "cannot-get":
		w.Get = "http://" + to
		return check.BlockedTCP(from, to), w, nil
	case "connects":
		w.Get = "http://" + to
		return check.Connects(from, port), w, nil
	}
	w.Ask = to
	return check.Exchanges(from, port), w, nil
}

func echoOptions(words []string) (size int, df bool, err error) {
	for len(words) > 0 {
		switch {
		case words[0] == "df":
			df, words = true, words[1:]
		case words[0] == "size" && len(words) > 1:
			if size, err = strconv.Atoi(words[1]); err != nil || size < 1 || size > 65507 {
				return 0, false, strconv.ErrRange
			}
			words = words[2:]
		default:
			return 0, false, strconv.ErrSyntax
		}
	}
	return size, df, nil
}
