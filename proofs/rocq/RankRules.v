(* The verified checkers of the numbers of a valley: one boolean function for chains and one for programs, and what `true` means, in
   the words of Rank.v. pivots: numbers of free parameters whose derivatives are independent; inverse: a row for each of them. *)
Require Import Reals QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Statements InteriorMinimum Numbers InteriorCheck Main Programs Rank ProgramCheck ProgramRank ProgramRules.
Import ListNotations.
Open Scope R_scope.

Definition ok_program_size (p : program) (th : params Q) (pivots : list nat) (inverse : list (list Q)) (dimension : nat) (exact : bool) : bool :=
  let v := free_Q th in
  match traced Qops (piece_at Qops v) (nodes p) (outputs p) (aligned p) with
  | Some F => (dimension + length pivots =? length v)%nat && check_rank Qops v (concat F) pivots inverse exact
  | None => false
  end.
(* a chain of layers, of the shape of th, as a program *)
Definition as_program (p : problem) (th : params Q) : program :=
  let '(P, (wires, _)) := chain Qops (layers p) th 0 (n_in p) in Program P wires (samples p) (loss_of p) (factor p).
Definition ok_size (p : problem) (th : params Q) (pivots : list nat) (inverse : list (list Q)) (dimension : nat) (exact : bool) : bool :=
  forallb (fun d => (length (fst d) =? n_in p)%nat) (samples p) && ok_program_size (as_program p th) th pivots inverse dimension exact.

Lemma size_leaves p th pivots inverse dimension exact (Fp : params R -> list R) : ok_program_size p th pivots inverse dimension exact = true ->
  (forall th', same_shape (real th) th' -> Fp th' = program_predictions p th') -> predictions_leave Fp (real th) dimension exact.
Proof.
  unfold ok_program_size. cbv zeta. intros H E. destruct (traced Qops _ _ _ _) as [F|] eqn:ET; [|discriminate]. apply andb_prop in H. destruct H as [H1 H2]. apply Nat.eqb_eq in H1.
  apply (predictions_leave_ok Qops QR (real th) (free_Q th) (concat F) Fp (fun y => concat (predicted_at Qops QR (nodes p) (outputs p) (aligned p) y)) pivots inverse); auto.
  - apply free_real.
  - intros th' S. rewrite E by auto. unfold program_predictions, predicted_at. rewrite aligned_ok. reflexivity.
  - eapply nearby_imp; [|exact (traced_ok Qops QR (piece_at Qops (free_Q th)) (rv QR (free_Q th)) (piece_at_ok Qops QR (free_Q th)) _ _ _ _ ET)].
    intros w W. cbv beta in W. rewrite W. symmetry. apply concat_map.
Qed.
Theorem ok_program_size_sound p th pivots inverse dimension exact : ok_program_size p th pivots inverse dimension exact = true ->
  predictions_leave (program_predictions p) (real th) dimension exact.
Proof. intros H. apply (size_leaves _ _ _ _ _ _ _ H). auto. Qed.
(* the same predictions *)
Lemma as_program_ok p th th' d : same_shape (real th) th' -> In d (samples p) -> length (fst d) = n_in p ->
  net (real_layers (layers p)) th' (real_vector (fst d)) = predicted (as_program p th) th' (real_vector (fst d)).
Proof.
  intros S Hd L. assert (C := chain_ok Qops QR (real_vector (fst d)) (layers p) th th' [] S). cbv zeta in C. unfold as_program.
  assert (LX : length (real_vector (fst d)) = n_in p) by (unfold real_vector; rewrite map_length; exact L). cbn [length] in C. rewrite LX in C.
  destruct (chain Qops (layers p) th 0 (n_in p)) as [P [wires next]]. cbn [fst snd app] in C. destruct C as (_ & _ & C). symmetry. exact C.
Qed.
Theorem ok_size_sound p th pivots inverse dimension exact : ok_size p th pivots inverse dimension exact = true -> predictions_leave (chain_predictions p) (real th) dimension exact.
Proof.
  unfold ok_size. intros H. apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H1. apply (size_leaves _ _ _ _ _ _ _ H2).
  intros th' S. unfold chain_predictions, program_predictions. f_equal. assert (D : data (as_program p th) = samples p) by (unfold as_program; destruct (chain _ _ _ _ _) as [P [wires next]]; reflexivity).
  rewrite D. apply map_ext_in. intros e He. unfold real_samples in He. apply in_map_iff in He. destruct He as (d & <- & Hd). cbn [fst]. apply as_program_ok; auto. apply Nat.eqb_eq, H1, Hd.
Qed.
(* what proposals are made of: for each parameter the derivatives of all predictions *)
Definition program_derivatives (p : program) (th : params Q) : list (list Q) :=
  let v := free_Q th in
  match traced Qops (piece_at Qops v) (nodes p) (outputs p) (aligned p) with Some F => let F := concat F in map (by_parameter Qops v F) (seq 0 (length v)) | None => [] end.
Definition derivatives (p : problem) (th : params Q) : list (list Q) := program_derivatives (as_program p th) th.
