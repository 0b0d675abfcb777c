(* Outcomes that are no verdict of a verified function. The exit codes are those of `symverify verify`. *)
exception Malformed of string  (* 2: a file is not well formed *)
exception Rejected of string   (* 11: well formed, and it does not prove its claims *)
exception Declined of string   (* 3: beyond the budget of numbers that are printed *)
exception Uncovered of string  (* 3: nothing about this problem has a verified checker *)
exception Rests_on of string    (* a step that rests on one without a verified checker *)

let malformed where fmt = Printf.ksprintf (fun what -> raise (Malformed (if where = "" then what else where ^ ": " ^ what))) fmt
let rejected where fmt = Printf.ksprintf (fun what -> raise (Rejected (if where = "" then what else where ^ ": " ^ what))) fmt
