package cli

import (
	"cmp"
	"context"
	"io"
	"net/netip"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/internal/netfile"
	"nstutor/internal/plainfile"
	"nstutor/internal/replica"
	"nstutor/internal/say"
)

// readNetwork reads a file of `nstutor capture`.
func readNetwork(path string) (netfile.File, error) {
	text, err := plainfile.Read(path)
	if err != nil {
		return netfile.File{}, err
	}
	return networkIn(path, string(text))
}

// networkIn is the network that a file's text says.
func networkIn(path, text string) (netfile.File, error) {
	f, err := netfile.Read(text)
	if err != nil {
		return f, say.At(say.Clean(path), err)
	}
	return f, nil
}

// holds is an error where a file has no namespace called from; empty: nobody named one.
func holds(path string, f netfile.File, from string) error {
	var names []string
	for _, s := range f.Network.Spaces {
		if s.Name == from {
			return nil
		}
		names = append(names, cmp.Or(say.Clean(s.Name), `""`))
	}
	if from == "" {
		return nil
	}
	return say.Err("--from %s: no namespace of %s is called so; it has %s", "--from %s：%s 里没有叫这个名字的命名空间；其中有 %s", from, say.Clean(path), say.List(names...))
}

// copyOf is what of a file is not in its network: what came of the packet that it was
// written for, and who was asked for in vain.
func copyOf(f netfile.File) *explain.Copy {
	c := &explain.Copy{Silent: func(netns string, who netip.Addr) bool {
		return slices.ContainsFunc(f.Network.Spaces, func(s replica.Space) bool { return s.Name == netns && s.Silent(who) })
	}}
	if a := f.Asked; a != nil && a.Came != nil {
		c.From, c.Dest, c.Port, c.Proto = a.From, a.Dest, a.Port, protocols[a.Proto]
		c.Came = &explain.Came{Outcome: a.Came.Outcome, From: a.Came.From, Waited: a.Came.Waited}
	}
	return c
}

// capturedFor is the target that a file was written for.
func capturedFor(path string, f netfile.File) (target, error) {
	if f.Asked == nil {
		return target{}, say.Err("%s does not say what it was captured for: name a TARGET, and --from", "%s 没有写明当初问的是哪个目标：请给出 TARGET，并加上 --from", say.Clean(path))
	}
	return target{proto: protocols[f.Asked.Proto], host: f.Asked.Dest.String(), port: f.Asked.Port}, nil
}

// protocols are those that a file can ask about; a ping has none.
var protocols = map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP}

// inCopy does something where there is nothing but the network of a file: in a lab
// of its own. The file is read before there is one, and given to it as its input,
// since the lab has a /run of its own; and there is none if it is not askable.
// What the copy is told of is what is not in it.
func (a *app) inCopy(ctx context.Context, path string, askable func(netfile.File) error, do func(f netfile.File, missing []replica.Omission) error) error {
	if !a.inside {
		f, err := readNetwork(path)
		if err == nil {
			err = askable(f)
		}
		if err != nil {
			return err
		}
		file, err := plainfile.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		os.Stdin = file
		return a.inLab(nil)
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	f, err := networkIn(path, string(text))
	if err == nil {
		err = askable(f)
	}
	if err != nil {
		return err
	}
	built, err := replica.Build(ctx, f.Network)
	if err != nil {
		return say.Err("build the network of %s: %v", "建立 %s 的网络：%v", say.Clean(path), err)
	}
	defer built.Close()
	return do(f, built.Missing)
}
