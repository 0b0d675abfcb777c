#!/bin/sh
# build.sh [FOLDER]: compiles every proof, prints the axioms, extracts the checkers and builds FOLDER/symverify-rocq.
# Nothing is written beside the sources; FOLDER is _build here unless named.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${1:-$here/_build}
mkdir -p "$target"
target=$(cd "$target" && pwd)
cp -p "$here"/*.v "$here/_CoqProject" "$here"/checker/*.ml "$target/"
cd "$target"
coq_makefile -f _CoqProject -o Makefile.coq >/dev/null
make -s -f Makefile.coq -j2
coqc -Q . Symverify Assumptions.v > axioms.txt
cat axioms.txt
coqc -Q . Symverify Extraction.v
rm -f checker.mli checker.cmi
if command -v ocamlfind >/dev/null && ocamlfind query zarith >/dev/null 2>&1; then
  ocamlfind ocamlopt -w -a -inline 100 -package zarith,unix -linkpkg checker.ml fault.ml sha256.ml json.ml read.ml \
    enclosure.ml program.ml network.ml propose.ml span.ml verified.ml reals.ml rules.ml certificate.ml main.ml -o symverify-rocq
else
  echo "OCaml or its zarith is not installed: the proofs are checked, the stand-alone checker is not built" >&2
fi
