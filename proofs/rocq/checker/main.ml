(* symverify-rocq [--covered] NETWORK CERTIFICATE: verdicts and exit codes as `symverify verify`; what has no verified
   checker is named, and is 3, unless --covered asks for the rest alone. *)
open Fault

let contents path =
  let c = open_in_bin path in
  Fun.protect ~finally:(fun () -> close_in c) (fun () ->
    if (Unix.fstat (Unix.descr_of_in_channel c)).Unix.st_kind <> Unix.S_REG then malformed path "not a regular file";
    let n = in_channel_length c in
    if n > Json.max_bytes then malformed path "larger than %d bytes" Json.max_bytes;
    really_input_string c n)

let shown = function Json.Text s -> s | Json.Bool b -> string_of_bool b | Json.Int s -> s
  | Json.Object [ ("lower", Json.Text a); ("upper", Json.Text b) ] ->
      String.map (fun c -> if c = ' ' then '_' else c) (Enclosure.decimals (Q.of_string a) (Q.of_string b))
  | _ -> "null"
let line sha256 (o : Certificate.outcome) =
  let name = function "better_risk" -> "better" | key -> key in
  let numbers = List.filter_map (fun (k, v) -> if v = Json.Null then None else Some (name k ^ "=" ^ shown v)) o.numbers in
  let where = match o.claim with
    | "point" | "critical_point" -> [ "at=given" ] | "spurious_minimum" -> [ "at=affine_fit" ] | "spurious_linear_minimum" -> [ "at=linear_piece" ] | _ -> [] in
  String.concat " " ([ "s"; String.uppercase_ascii o.verdict; o.claim ] @ where @ numbers @ [ "storey=" ^ o.storey; "problem=" ^ sha256 ])

let verify covered network certificate =
  let open_data name = contents (Filename.concat (Filename.dirname network) name) in
  let certified = contents certificate in
  let net, outcomes = Certificate.check (contents network) certified open_data in
  let settled, opened = List.partition (fun (o : Certificate.outcome) -> o.verdict <> "open") outcomes in
  let missing = List.sort_uniq compare (List.concat_map (fun (o : Certificate.outcome) -> o.missing) outcomes) in
  let lines verdict = List.map (line net.Network.sha256) (List.filter (fun (o : Certificate.outcome) -> o.verdict = verdict) settled) in
  if missing <> [] then Printf.printf "not covered: %s\n" (String.concat ", " missing);
  List.iter (fun (o : Certificate.outcome) -> Printf.printf "left open: %s\n" o.claim) opened;
  List.iter print_endline (lines "proved" @ lines "refuted");
  if (missing <> [] && not covered) || settled = [] then (print_endline "s UNDECIDED"; 3) else if lines "refuted" <> [] then 10 else 0

let guarded f =
  try f () with
  | Malformed what -> Printf.printf "%s\ns MALFORMED\n" what; 2
  | Rejected what -> Printf.printf "%s\ns REJECTED\n" what; 11
  | Declined what -> Printf.printf "beyond the budget: %s\ns UNDECIDED\n" what; 3
  | Uncovered what -> Printf.printf "not covered: %s\ns UNDECIDED\n" what; 3
  | Sys_error what -> Printf.printf "cannot read %s\ns MALFORMED\n" what; 2
  | Unix.Unix_error (error, _, name) -> Printf.printf "cannot read %s: %s\ns MALFORMED\n" name (Unix.error_message error); 2
  | Stack_overflow | Out_of_memory -> print_endline "beyond the budget\ns UNDECIDED"; 3
  | error -> prerr_endline ("internal error: " ^ Printexc.to_string error); 70

let () =
  match List.tl (Array.to_list Sys.argv) with
  | [ "--covered"; n; c ] -> exit (guarded (fun () -> verify true n c))
  | [ n; c ] -> exit (guarded (fun () -> verify false n c))
  | _ -> prerr_endline "usage: symverify-rocq [--covered] NETWORK CERTIFICATE"; exit 2
