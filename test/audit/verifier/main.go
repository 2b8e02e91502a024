// Checks an export of the access log with Go's own libraries for transparency logs: golang.org/x/mod/sumdb/note opens the
// checkpoint, golang.org/x/mod/sumdb/tlog authenticates tiles and proofs. Nothing of the project is used.
//
// usage: verifier EXPORT [OLD_SIZE OLD_ROOT_BASE64]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8
const entriesPerTile = 256

type tiles struct{ folder string }

func (t tiles) Height() int { return tileHeight }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(t.folder, tilePath(strconv.Itoa(tile.L), tile.N, tile.W)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// tilePath is the path of C2SP tlog-tiles; tlog.Tile.Path is the older one, with the height in front.
func tilePath(level string, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < entriesPerTile {
		name = fmt.Sprintf("%s.p/%d", name, width)
	}
	return filepath.Join("tile", level, name)
}

func main() {
	folder := os.Args[1]
	size, root := checkpoint(folder)
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, tiles{folder})
	checked := 0
	for n := int64(0); n*entriesPerTile < size; n++ {
		width := entriesPerTile
		if left := size - n*entriesPerTile; left < entriesPerTile {
			width = int(left)
		}
		for offset, entry := range bundle(folder, n, width) {
			index := n*entriesPerTile + int64(offset)
			proof, err := tlog.ProveRecord(size, index, reader)
			must(err)
			must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)))
			checked++
		}
	}
	if len(os.Args) == 4 {
		oldSize, err := strconv.ParseInt(os.Args[2], 10, 64)
		must(err)
		proof, err := tlog.ProveTree(size, oldSize, reader)
		must(err)
		must(tlog.CheckTree(proof, size, root, oldSize, hashOf(os.Args[3])))
	}
	fmt.Printf("size %d checked %d\n", size, checked)
}

func checkpoint(folder string) (int64, tlog.Hash) {
	key, err := os.ReadFile(filepath.Join(folder, "log.vkey"))
	must(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	must(err)
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	return size, hashOf(lines[2])
}

func hashOf(text string) (hash tlog.Hash) {
	bytes, err := base64.StdEncoding.DecodeString(text)
	must(err)
	copy(hash[:], bytes)
	return hash
}

func bundle(folder string, n int64, width int) (entries [][]byte) {
	data, err := os.ReadFile(filepath.Join(folder, tilePath("entries", n, width)))
	must(err)
	for len(data) > 0 {
		length := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	return entries
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
