(* The axioms behind every theorem: those of the classical reals; for logistic loss (exp and ln) also excluded middle. *)
From Symverify Require Import Theorem1Proof Main.
Definition theorems := (theorem1_general, theorem1, theorem1_squared, theorem1_huber, theorem1_common).
Definition checkers := (risk_Q_ok, ok_risk_sound, path_start, predict_ok, ok_interior_sound, ok_adjacent_sound, ok_better_sound, ok_face_sound,
  ok_valley_sound, ok_steady_sound, ok_spurious_valley_sound, ok_descent_sound, ok_affine_fit_sound, ok_function_bound_sound, ok_global_function_sound,
  ok_tree_bound_sound, ok_limit_sound, ok_shallow_sound, ok_global_minimum_sound).
Print Assumptions theorems.
Print Assumptions checkers.
Print Assumptions theorem1_logistic.
